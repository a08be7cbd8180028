"""Tables of Markdown."""

from collections.abc import Iterable, Sequence


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(_escaped(cell) for cell in line)} |" for line in lines)


def code(name: str) -> str:
    return f"`{name}`"


def _escaped(cell: str) -> str:
    return " ".join(cell.replace("|", "\\|").split())
