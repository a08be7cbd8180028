"""What a benchmark found, and the table that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. ratio and mark are what counts; the rest is for this machine alone."""

    what: str
    measured: str
    against: str
    ratio: str
    mark: str
    holds: bool


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a table in Markdown."""
    head = [field.name for field in fields(Figure)]
    rows = [
        [figure.what, figure.measured, figure.against, figure.ratio, figure.mark, _word(figure)]
        for figure in figures
    ]
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _word(figure: Figure) -> str:
    return "yes" if figure.holds else "NO"
