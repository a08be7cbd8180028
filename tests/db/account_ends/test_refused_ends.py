"""An end that cannot be changes nothing."""

from typing import Any

import pytest

from db import access
from domain.accounts import closing
from domain.accounts.settling import PaymentInFlight
from domain.billing.claims import AlreadyBilled, IndexFell
from domain.ledger.queries import balance_of
from domain.refusals import (
    InTheFuture,
    InUse,
    InvalidValue,
    NotThere,
    ParentInactive,
    Refused,
    StaleVersion,
)
from tests.db.account_ends.ending import close, ending
from tests.db.account_ends.mistaken import own
from tests.db.exchanges import HOUR, PRICE, fetch, store
from tests.factories import NOW, Place, account_of, add_supply, make_place


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"at": NOW + HOUR}, InTheFuture, id="not yet"),
        pytest.param({"at": NOW - 90 * 24 * HOUR}, InvalidValue, id="before it was opened"),
        pytest.param({"at": NOW - 10 * HOUR}, AlreadyBilled, id="before what is charged"),
        pytest.param({"index_wh": 2_000}, IndexFell, id="a register that went back"),
        pytest.param({"index_wh": -1}, InvalidValue, id="no index"),
        pytest.param({"final_indexes": {}}, InvalidValue, id="no points"),
        pytest.param({"version": 7}, StaleVersion, id="changed meanwhile"),
    ],
)
async def test_an_end_that_cannot_be_is_refused_and_changes_nothing(
    place: Place, changes: dict[str, Any], refusal: type[Refused]
) -> None:
    await store(place, (place.supplies[0], 8, 3_000))

    with pytest.raises(refusal):
        await close(place, **changes)

    assert await fetch("select closed_at, version from account") == [
        {"closed_at": None, "version": 1}
    ]
    assert await fetch("select ended_at from account_point") == [{"ended_at": None}]
    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == -3 * PRICE
    assert await fetch("select from journal") == []


async def test_each_point_needs_its_index(place: Place) -> None:
    other = await add_supply(place, with_account=False)

    with pytest.raises(InvalidValue):
        await close(place, final_indexes={place.supplies[0].point_id: 5_000, other.point_id: 0})

    assert await fetch("select closed_at from account") == [{"closed_at": None}]


async def test_a_payment_in_flight_is_waited_for(place: Place) -> None:
    async with access.system() as connection:
        await connection.execute("update account_balance set in_flight_micro = 1")

    with pytest.raises(PaymentInFlight):
        await close(place)

    assert await fetch("select closed_at from account") == [{"closed_at": None}]


async def test_an_owners_account_stays_while_premises_name_it(place: Place) -> None:
    await own(place, account_of(place))

    with pytest.raises(InUse):
        await close(place)

    assert await fetch("select closed_at from account") == [{"closed_at": None}]


async def test_an_account_that_has_ended_is_no_owners(place: Place) -> None:
    await close(place)

    with pytest.raises(ParentInactive):
        await own(place, account_of(place))

    assert await fetch("select owner_account_id, version from premises") == [
        {"owner_account_id": None, "version": 1}
    ]


async def test_another_companys_account_is_not_there(place: Place) -> None:
    other = await make_place()

    with pytest.raises(NotThere):
        await closing.close(
            company_id=other.company_id,
            account_id=account_of(place),
            expected_version=1,
            ending=ending(place.supplies[0]),
            now=NOW,
        )

    assert await fetch("select from account where closed_at is not null") == []
