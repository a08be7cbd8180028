"""How far a register went that may have started again at zero. Pure."""

from domain.units import WH_PER_KWH

# Whole kWh that every meter's register can show.
DIGITS_MIN = 5


def gained(before: int, after: int) -> int:
    """Return how far a register went; one that fell has started again at zero."""
    if after >= before:
        return after - before
    return after + _range(before) - before


def _range(shown: int) -> int:
    """Return where the fewest digits that show a value start again."""
    return int(10 ** max(DIGITS_MIN, len(str(shown // WH_PER_KWH)))) * WH_PER_KWH
