"""What a token bucket holds: known by the one moment at which it will be full again. Pure."""

from dataclasses import dataclass

US = 1_000_000

# Of a bucket, and of what is asked for, how much a process may keep to itself.
RESERVE_OF_SIZE = 0.02
RESERVED_DRAWS = 50


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a full bucket holds, and how fast it fills again; both are above zero."""

    size: int
    per_s: float

    @property
    def unit_us(self) -> float:
        return US / self.per_s

    @property
    def room_us(self) -> float:
        return self.size * self.unit_us

    def reserve(self, amount: float) -> float:
        """Return how much of the bucket a process may keep to itself for draws like this one."""
        most = min(self.size * RESERVE_OF_SIZE, amount * RESERVED_DRAWS)
        return most if most >= amount else 0.0


@dataclass(frozen=True, slots=True)
class Drawn:
    """What became of a draw. left: what the bucket still holds.

    retry_after_s: when as much could be drawn; 0 if it was.
    """

    allowed: bool
    left: float
    retry_after_s: float


@dataclass(frozen=True, slots=True)
class Level:
    """A bucket after a draw. full_at_us: microseconds since 1970.

    reserved: what was drawn besides, to be spent without asking again.
    """

    allowed: bool
    full_at_us: float
    reserved: float = 0.0

    def drawn(self, amount: float, budget: Budget, *, now_us: float) -> Drawn:
        left_us = budget.room_us - (self.full_at_us - now_us)
        missing_us = 0.0 if self.allowed else max(amount * budget.unit_us - left_us, 0.0)
        left = max(left_us, 0.0) / budget.unit_us + self.reserved
        return Drawn(self.allowed, left, missing_us / US)


def level_after(
    known_us: float, amount: float, owed: float, budget: Budget, *, now_us: float
) -> Level:
    """Return the bucket after something was given back and something drawn, if it holds as much.

    known_us: when it was to be full again.
    """
    full_at_us = max(known_us - owed * budget.unit_us, now_us)
    drawn_us = full_at_us + amount * budget.unit_us
    allowed = drawn_us - now_us <= budget.room_us
    return Level(allowed, drawn_us if allowed else full_at_us)
