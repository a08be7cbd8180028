"""Ending an account, and what its books say then."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from db.enums import RefundWay
from db.ids import AccountId, SubscriberId
from domain.accounts import closing
from domain.accounts.closing import Ending, Successor
from domain.ledger import operations as ledger
from domain.ledger.queries import verify
from domain.subscribers import operations as subscribers
from tests.credit import pay
from tests.db.exchanges import HOUR, fetch
from tests.factories import KEYRING, NOW, Place, Supply, account_of

AT = NOW - 5 * HOUR


def ending(*supplies: Supply, index_wh: int = 5_000, **changes: Any) -> Ending:
    facts: dict[str, Any] = {
        "at": AT,
        "final_indexes": {supply.point_id: index_wh for supply in supplies},
        "refund_by": RefundWay.CASH,
        **changes,
    }
    return Ending(**facts)


async def close(
    place: Place, *, version: int = 1, now: datetime = NOW, **changes: Any
) -> AccountId:
    return await closing.close(
        company_id=place.company_id,
        account_id=account_of(place),
        expected_version=version,
        ending=ending(place.supplies[0], **changes),
        now=now,
    )


async def take_over(
    place: Place,
    subscriber_id: SubscriberId,
    *,
    version: int = 1,
    at: datetime = AT,
    index_wh: int = 5_000,
    now: datetime = NOW,
    **changes: Any,
) -> AccountId:
    return await closing.change_tenancy(
        company_id=place.company_id,
        account_id=account_of(place),
        expected_version=version,
        ending=ending(place.supplies[0], at=at, index_wh=index_wh),
        successor=Successor(**{"number": "NEW", "subscriber_id": subscriber_id, **changes}),
        now=now,
    )


async def top_up(place: Place, amount: int) -> None:
    await pay(place, str(amount), key=f"k{amount}", at=AT - HOUR)


async def newcomer(place: Place) -> SubscriberId:
    return await subscribers.create(
        company_id=place.company_id,
        reference="newcomer",
        contact={"name": "Fatma Çelik"},
        keyring=KEYRING,
    )


async def sides(place: Place) -> dict[str, Decimal]:
    """Return what each side of the company's books sums to."""
    rows = await fetch(
        "select l.kind, sum(e.amount) as total from entry e"
        " join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id"
        " where e.company_id = $1 group by l.kind",
        place.company_id,
    )
    return {row["kind"]: row["total"] for row in rows}


async def owed(account_id: AccountId) -> Decimal:
    ((row),) = await fetch(
        "select debt_micro from account_balance where account_id = $1", account_id
    )
    return Decimal(row["debt_micro"]).scaleb(-6)


async def books_agree(place: Place) -> None:
    await ledger.close_days(now=NOW + timedelta(days=1))
    assert await verify() == []
