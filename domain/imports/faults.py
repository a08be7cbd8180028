"""What is wrong with a file: the first thousand faults, and how many there are."""

from typing import Any

from domain.longwork.running import ERRORS_KEPT_MAX, ItemError


class Faults:
    """Collects faults without growing for ever."""

    def __init__(self) -> None:
        self.kept: list[ItemError] = []
        self.count = 0

    def add(
        self,
        code: str,
        *,
        sheet: str | None = None,
        row: int | None = None,
        column: str | None = None,
        **params: Any,
    ) -> None:
        self.count += 1
        if len(self.kept) < ERRORS_KEPT_MAX:
            facts = {name: str(value) for name, value in params.items()}
            self.kept.append(
                ItemError(code=code, sheet=sheet, row=row, column=column, params=facts)
            )
