"""What statements of banks tell in any format: money that came, and what the payer wrote. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

TEXT_CHARACTERS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Money that came. amount: major units, above zero. text: what the payer wrote.

    occurrence: which of several that say the same in one statement, from 1 on.
    """

    booked_date: date
    amount: Decimal
    currency: str
    text: str
    bank_reference: str | None
    occurrence: int = 1

    @property
    def digest(self) -> bytes:
        """The same for the same transfer, in whichever statement it comes."""
        said = f"{self.booked_date}|{self.amount.normalize()}|{self.currency}|{self.bank_reference}"
        return hashlib.sha256(f"{said}|{self.text}".encode()).digest()


def printable(texts: Sequence[str]) -> str:
    joined = " ".join(texts)
    return "".join(c if c.isprintable() else " " for c in joined).strip()[:TEXT_CHARACTERS_MAX]
