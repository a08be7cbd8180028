"""Supplies that cannot be shared so stay as they are."""

from typing import Any

import asyncpg
import pytest

from db import access
from db.ids import AccountId
from domain.accounts import sharing
from domain.accounts.assignments import PointPaidFor
from domain.accounts.sharing import (
    SHARERS_MAX,
    AccountElsewhere,
    SharesNotWhole,
    Sharing,
)
from domain.accounts.suspension import AccountClosed
from domain.billing.claims import AlreadyBilled, IndexFell
from domain.hierarchy import fields
from domain.metering import points, premises
from domain.refusals import (
    InTheFuture,
    InUse,
    InvalidValue,
    NotThere,
    ParentInactive,
    Refused,
    StaleVersion,
)
from tests.db.shared_supplies.ending import close, let_own
from tests.db.shared_supplies.sharing import (
    HALVES,
    SINCE,
    add_tenant,
    energy,
    payers,
    share,
    shared_supply,
    version_of,
)
from tests.db.stored_readings import HOUR, fetch
from tests.db.submetered import tell
from tests.factories import (
    NOW,
    OPENED_AT,
    Place,
    add_supply,
    make_place,
    open_account,
)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"shares": (500_000, 499_999)}, SharesNotWhole, id="less than the whole"),
        pytest.param({"shares": (500_000, 500_001)}, SharesNotWhole, id="more than the whole"),
        pytest.param({"shares": (1_000_000, 0)}, InvalidValue, id="nothing"),
        pytest.param({"shares": (1_100_000, -100_000)}, InvalidValue, id="below nothing"),
        pytest.param({"shares": ()}, InvalidValue, id="nobody"),
        pytest.param({"version": 7}, StaleVersion, id="a stale version"),
        pytest.param({"since": NOW + HOUR}, InTheFuture, id="in the future"),
        pytest.param({"since": OPENED_AT - HOUR}, InvalidValue, id="before an account"),
        pytest.param({"since": OPENED_AT}, InvalidValue, id="when who pays now began"),
        pytest.param({"since": NOW - 25 * HOUR}, AlreadyBilled, id="before what is charged"),
        pytest.param({"index_wh": 10}, IndexFell, id="a lower index"),
        pytest.param({"index_wh": -1}, InvalidValue, id="no index"),
    ],
)
async def test_a_refused_sharing_changes_nothing(
    place: Place, registers: int, changes: dict[str, Any], refusal: type[Refused]
) -> None:
    supply = await add_supply(place)
    await tell(place, registers, (supply, 24, 100))
    tenants = [await add_tenant(place, number) for number in ("A", "B")]
    before = await payers(supply)
    shares = changes.pop("shares", HALVES)

    with pytest.raises(refusal):
        await share(
            place,
            supply,
            dict(zip(tenants, shares, strict=False)),
            **{"index_wh": 100, **changes},
        )

    assert await payers(supply) == before
    assert await version_of(supply.point_id) == 1
    assert await energy(place) == {supply.account_id: 100}


async def test_only_open_accounts_of_the_field_share(place: Place) -> None:
    supply = await add_supply(place)
    assert supply.account_id is not None
    other_company = await make_place()
    stranger = other_company.supplies[0].account_id
    assert stranger is not None
    ended = await add_tenant(place, "ENDED")
    await close(place, ended)
    far = await add_tenant(place, "FAR")
    field_id = await fields.create(
        company_id=place.company_id,
        branch_id=place.branch_id,
        name="Elsewhere",
        latitude=40.0,
        longitude=30.0,
    )
    ((shop),) = await fetch("select premises_id from account where id = $1", far)
    await premises.move(
        company_id=place.company_id,
        premises_id=shop["premises_id"],
        expected_version=1,
        field_id=field_id,
        now=NOW,
    )
    before = await payers(supply)

    for other, refusal in ((stranger, NotThere), (ended, AccountClosed), (far, AccountElsewhere)):
        with pytest.raises(refusal):
            await share(place, supply, {supply.account_id: 500_000, other: 500_000})

    assert await payers(supply) == before


async def test_too_many_cannot_share(place: Place) -> None:
    supply = await add_supply(place)
    nobody = {AccountId(number): 1 for number in range(SHARERS_MAX + 1)}
    before = await payers(supply)

    with pytest.raises(InvalidValue) as refused:
        await share(place, supply, nobody)

    assert refused.value.path == ("shares",)
    assert await payers(supply) == before


async def test_a_retired_point_and_one_that_is_not_there_are_not_shared(place: Place) -> None:
    tenant = await add_tenant(place, "A")
    supply = await add_supply(place, with_account=False, mounted=False)
    await points.set_active(
        company_id=place.company_id, point_id=supply.point_id, expected_version=1, active=False
    )

    with pytest.raises(ParentInactive):
        await share(place, supply, {tenant: 1_000_000})
    with pytest.raises(NotThere):
        await sharing.share(
            company_id=place.company_id,
            point_id=tenant,  # type: ignore[arg-type] # what is no point's id
            expected_version=1,
            sharing=Sharing(since=SINCE, index_wh=0, shares_ppm={tenant: 1_000_000}),
            now=NOW,
        )

    assert await payers(supply) == []


async def test_the_database_refuses_shares_that_are_not_the_whole(place: Place) -> None:
    supply, (first, _) = await shared_supply(place, HALVES)

    with pytest.raises(asyncpg.CheckViolationError):
        async with access.tenant(place.company_id) as connection:
            await connection.execute(
                "update account_point set share_ppm = 400000 where company_id = $1"
                " and account_id = $2",
                place.company_id,
                first,
            )

    assert [row["share_ppm"] for row in await payers(supply)] == list(HALVES)


async def test_an_account_does_not_begin_on_what_others_share(place: Place) -> None:
    supply, tenants = await shared_supply(place, HALVES)
    await let_own(place, tenants[0], tenants[1])
    before = await payers(supply)

    with pytest.raises(PointPaidFor):
        await open_account(
            place, {supply.point_id: 0}, supply.premises_id, opened_at=NOW - 2 * HOUR
        )

    assert await payers(supply) == before


async def test_premises_that_share_stay_in_their_field(place: Place) -> None:
    supply, (first, _) = await shared_supply(place, HALVES)
    field_id = await fields.create(
        company_id=place.company_id,
        branch_id=place.branch_id,
        name="Elsewhere",
        latitude=40.0,
        longitude=30.0,
    )
    ((shop),) = await fetch("select premises_id from account where id = $1", first)
    before = await fetch("select * from premises order by id")

    for premises_id in (shop["premises_id"], supply.premises_id):
        with pytest.raises(InUse):
            await premises.move(
                company_id=place.company_id,
                premises_id=premises_id,
                expected_version=1,
                field_id=field_id,
                now=NOW,
            )

    assert await fetch("select * from premises order by id") == before
