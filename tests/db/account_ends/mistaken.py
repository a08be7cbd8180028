"""Ending accounts by mistake, and taking that back."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from db.enums import RefundWay
from db.ids import AccountId
from domain.accounts import closing, reopening, returning
from domain.accounts.closing import Ending
from domain.ledger.queries import balance_of
from domain.metering import premises
from tests.db.account_ends.ending import AT, ending
from tests.db.exchanges import HOUR, fetch
from tests.db.shared_supplies.sharing import add_tenant
from tests.factories import NOW, Place, Supply


async def close(
    place: Place, account_id: AccountId, *supplies: Supply, version: int = 1, **changes: Any
) -> AccountId:
    return await closing.close(
        company_id=place.company_id,
        account_id=account_id,
        expected_version=version,
        ending=ending(*supplies, **changes),
        now=NOW,
    )


async def reopen(place: Place, account_id: AccountId, **changes: Any) -> AccountId:
    return await reopening.reopen(
        **{
            "company_id": place.company_id,
            "account_id": account_id,
            "expected_version": 2,
            "reason": "The wrong account",
            "now": NOW,
            **changes,
        }
    )


async def take_back(place: Place, account_id: AccountId, **changes: Any) -> AccountId:
    return await returning.take_back(
        **{
            "company_id": place.company_id,
            "account_id": account_id,
            "expected_version": 2,
            "reason": "The wrong shop",
            "refund_by": RefundWay.CASH,
            "now": NOW,
            **changes,
        }
    )


async def own(
    place: Place,
    account_id: AccountId | None,
    *,
    supply: Supply | None = None,
    version: int = 1,
    now: datetime = NOW,
) -> None:
    """Let an account own the premises of a supply, the place's first one if none is named."""
    await premises.set_owner_account(
        company_id=place.company_id,
        premises_id=(supply or place.supplies[0]).premises_id,
        expected_version=version,
        account_id=account_id,
        now=now,
    )


async def let_own(place: Place, supply: Supply) -> AccountId:
    """Let an account of other premises pay for a supply's while no subscriber does."""
    owner = await add_tenant(place, "OWNER")
    await own(place, owner, supply=supply)
    return owner


async def balances(place: Place, *account_ids: AccountId) -> list[Decimal]:
    return [
        await balance_of(company_id=place.company_id, account_id=account_id)
        for account_id in account_ids
    ]


async def is_closed(account_id: AccountId) -> bool:
    ((row),) = await fetch(
        "select closed_at is not null as it from account where id = $1", account_id
    )
    return bool(row["it"])


async def close_without_points(place: Place, account_id: AccountId) -> None:
    await closing.close(
        company_id=place.company_id,
        account_id=account_id,
        expected_version=1,
        ending=Ending(at=AT + HOUR, final_indexes={}, refund_by=RefundWay.CASH),
        now=NOW,
    )
