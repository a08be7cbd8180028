"""Credit that rises and falls, for tests of what follows from that."""

from datetime import datetime, timedelta
from decimal import Decimal

from db import access
from db.enums import JournalKind, LedgerAccountKind
from db.ids import JournalId
from domain.companies import settings
from domain.ledger import operations as ledger
from domain.ledger.posting import post
from domain.ledger.rules import Line, Posting
from domain.readings import operations as readings
from tests.factories import NOW, Place, account_of, make_read

HOUR = timedelta(hours=1)


async def pay(
    place: Place, amount: str, *, key: str = "one", at: datetime = NOW, number: int = 0
) -> JournalId:
    """Pay cash to the account of a supply, the first by default."""
    return await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_of(place, number),
        amount=Decimal(amount),
        idempotency_key=key,
        occurred_at=at,
    )


async def owe(place: Place, *, key: str = "owed", at: datetime = NOW, **sides: str) -> None:
    """Let the first account owe: each side is debited against adjustments."""
    amounts = {LedgerAccountKind(side): Decimal(amount) for side, amount in sides.items()}
    lines = [Line(side, -amount, account_of(place)) for side, amount in amounts.items()]
    posting = Posting(
        company_id=place.company_id,
        kind=JournalKind.ADJUSTMENT,
        idempotency_key=key,
        request=key,
        occurred_at=at,
        lines=[*lines, Line(LedgerAccountKind.ADJUSTMENTS, sum(amounts.values(), Decimal(0)))],
    )
    async with access.tenant(place.company_id) as connection:
        await post(connection, posting, now=at)


class Books:
    """A company whose energy costs one unit a kilowatt hour, and one of its accounts."""

    def __init__(self, place: Place, register_set_id: int) -> None:
        self.place = place
        self._register_set_id = register_set_id
        self._at = NOW - 30 * HOUR
        self._used = Decimal(0)
        self._top_ups = 0
        self._version = 1

    @property
    def account_id(self) -> int:
        return self.place.supplies[0].account_id or 0

    async def top_up(self, amount: str) -> None:
        self._top_ups += 1
        await ledger.credit_cash(
            company_id=self.place.company_id,
            account_id=self.place.supplies[0].account_id or 0,  # type: ignore[arg-type]
            amount=Decimal(amount),
            idempotency_key=f"top-up {self._top_ups}",
            occurred_at=NOW,
        )

    async def use(self, amount: str) -> None:
        self._used += Decimal(amount)
        self._at += HOUR
        read = make_read(self.place, self._register_set_id, self._at, int(self._used * 1000))
        async with access.system() as connection:
            await readings.store(connection, [read], now=NOW)

    async def set(self, **changes: object) -> None:
        await settings.update(
            company_id=self.place.company_id, expected_version=self._version, changes=changes
        )
        self._version += 1
