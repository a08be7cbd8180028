"""Accounts that share a supply and end."""

from db.enums import RefundWay
from db.ids import AccountId
from domain.accounts import closing
from domain.accounts.closing import Ending
from domain.metering import premises
from tests.db.stored_readings import HOUR, fetch
from tests.factories import (
    NOW,
    Place,
    Supply,
)


async def close(
    place: Place, account_id: AccountId, *supplies: Supply, index_wh: int = 4_000
) -> AccountId:
    return await closing.close(
        company_id=place.company_id,
        account_id=account_id,
        expected_version=1,
        ending=ending(*supplies, index_wh=index_wh),
        now=NOW,
    )


def ending(*supplies: Supply, index_wh: int = 4_000) -> Ending:
    return Ending(
        at=NOW - 5 * HOUR,
        final_indexes={supply.point_id: index_wh for supply in supplies},
        refund_by=RefundWay.CASH,
    )


async def let_own(place: Place, account_id: AccountId, owner_id: AccountId) -> None:
    """Let another account pay while nobody else does for the premises of an account."""
    (row,) = await fetch(
        "select p.id, p.version from premises p join account a on a.premises_id = p.id"
        " where a.id = $1",
        account_id,
    )
    await premises.set_owner_account(
        company_id=place.company_id,
        premises_id=row["id"],
        expected_version=row["version"],
        account_id=owner_id,
        now=NOW,
    )
