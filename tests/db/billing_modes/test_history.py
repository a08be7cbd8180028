"""When an account paid before and when after is kept, from its opening on."""

from datetime import datetime
from typing import Any

import asyncpg
import pytest

from db.enums import BillingMode
from db.migrate import migrate
from db.settings import Urls
from domain.accounts import operations
from domain.accounts.suspension import AccountClosed
from domain.refusals import AlreadyExists, StaleVersion
from tests.db.account_ends.ending import AT, close, newcomer, take_over
from tests.db.account_ends.mistaken import reopen
from tests.db.billing_modes.changing import POSTPAID, PREPAID
from tests.db.exchanges import HOUR, fetch
from tests.factories import NOW, OPENED_AT, Place, account_of, make_place

STAYS = "select mode, started_at, ended_at from account_mode where account_id = $1 order by 2"


@pytest.fixture
async def prepaid(connected: None) -> Place:
    return await make_place()


async def stays(account_id: int) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in await fetch(STAYS, account_id)]


async def update(place: Place, at: datetime, version: int = 1, **changes: Any) -> None:
    await operations.update(
        company_id=place.company_id,
        account_id=account_of(place),
        expected_version=version,
        changes=changes,
        now=at,
    )


async def test_an_account_begins_in_the_mode_in_which_it_is_opened(prepaid: Place) -> None:
    assert await stays(account_of(prepaid)) == [("PREPAID", OPENED_AT, None)]


async def test_a_change_begins_another_stay(prepaid: Place) -> None:
    await update(prepaid, NOW - HOUR, billing_mode=POSTPAID)
    await update(prepaid, NOW, 2, billing_mode=PREPAID)

    assert await stays(account_of(prepaid)) == [
        ("PREPAID", OPENED_AT, NOW - HOUR),
        ("POSTPAID", NOW - HOUR, NOW),
        ("PREPAID", NOW, None),
    ]


async def test_the_mode_that_it_has_begins_no_other(prepaid: Place) -> None:
    await update(prepaid, NOW, billing_mode=PREPAID)
    await update(prepaid, NOW, 2, number="X")

    assert await stays(account_of(prepaid)) == [("PREPAID", OPENED_AT, None)]


async def test_a_retry_begins_no_other(prepaid: Place) -> None:
    for at in (NOW - HOUR, NOW):
        await update(prepaid, at, billing_mode=POSTPAID)

    assert await stays(account_of(prepaid)) == [
        ("PREPAID", OPENED_AT, NOW - HOUR),
        ("POSTPAID", NOW - HOUR, None),
    ]


@pytest.mark.parametrize("at", [NOW, NOW - HOUR])
async def test_of_changes_at_an_instant_or_by_a_clock_behind_the_last_one_counts(
    prepaid: Place, at: datetime
) -> None:
    await update(prepaid, NOW, billing_mode=POSTPAID)
    await update(prepaid, at, 2, billing_mode=PREPAID)

    assert await stays(account_of(prepaid)) == [
        ("PREPAID", OPENED_AT, NOW),
        ("PREPAID", NOW, None),
    ]


@pytest.mark.parametrize("mode", [None, POSTPAID])
async def test_who_takes_over_begins_anew(prepaid: Place, mode: BillingMode | None) -> None:
    account_id = await take_over(prepaid, await newcomer(prepaid), billing_mode=mode)

    assert await stays(account_id) == [(mode or PREPAID, AT, None)]
    assert await stays(account_of(prepaid)) == [("PREPAID", OPENED_AT, None)]


async def test_who_is_reopened_goes_on_as_before(prepaid: Place) -> None:
    await update(prepaid, NOW - 10 * HOUR, billing_mode=POSTPAID)
    before = await stays(account_of(prepaid))

    await close(prepaid, version=2)
    await reopen(prepaid, account_of(prepaid), expected_version=3)

    assert await stays(account_of(prepaid)) == before


async def test_a_refused_change_begins_nothing(prepaid: Place) -> None:
    with pytest.raises(StaleVersion):
        await update(prepaid, NOW, 5, billing_mode=POSTPAID)
    await close(prepaid)
    with pytest.raises(AccountClosed):
        await update(prepaid, NOW, 2, billing_mode=POSTPAID)

    assert await stays(account_of(prepaid)) == [("PREPAID", OPENED_AT, None)]


async def test_a_refused_opening_begins_nothing(prepaid: Place) -> None:
    (account,) = await fetch("select number, premises_id from account")

    with pytest.raises(AlreadyExists):
        await operations.open_account(
            company_id=prepaid.company_id,
            number=account["number"],
            subscriber_id=prepaid.subscriber_id,
            premises_id=account["premises_id"],
            tariff_id=prepaid.tariff_id,
            points={},
            opened_at=OPENED_AT,
            now=NOW,
        )

    assert [row["count"] for row in await fetch("select count(*) from account_mode")] == [1]


async def test_accounts_of_the_release_before_have_had_one_mode(
    prepaid: Place, database: Urls
) -> None:
    await update(prepaid, NOW, billing_mode=POSTPAID)

    await migrate(database.owner, target="wattledger.m0039_netting")
    await migrate(database.owner)

    owner = await asyncpg.connect(database.owner)
    rows = await owner.fetch(STAYS, account_of(prepaid))
    await owner.close()
    assert [tuple(row.values()) for row in rows] == [("POSTPAID", OPENED_AT, None)]
