"""Indicators over GraphQL: by company, branch and field, for those who may see these."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role
from domain.analytics.folding import fold
from domain.analytics.measuring import measure
from domain.hierarchy import branches, fields
from domain.ledger import operations as ledger
from domain.readings import operations as readings
from tests.api.web import User, Web
from tests.factories import (
    NOW,
    Place,
    account_of,
    add_supply,
    make_place,
    make_read,
    make_register_set,
)

DAY = timedelta(days=1)
RUN_OUTS = [(0, 0), (0, 1), (1, 3), (3, 7), (7, 14), (14, 30), (30, 90), (90, None)]
INDICATORS = """
query ($range: TimeRangeInput!, $by: IndicatorGrouping!, $resolution: IndicatorResolution!) {
  indicators(range: $range, by: $by, resolution: $resolution) {
    branch { id } field { id }
    buckets {
      start end paid { amount currency } paidBack { amount } paymentCount
      charged { amount } energy isSettled chargedAsOf
      movements { kind side debited { amount } credited { amount } debitCount creditCount }
      standing {
        asOf segments { segment accountCount } belowWarningCount balance { amount }
        debt { amount } emergencyUsed { amount } inFlight { amount } dailyUse { amount }
        averageRunOutDays runOuts { fromDays toDays accountCount }
      }
    }
  }
}
"""


@pytest.fixture
async def place(web: Web) -> Place:
    """Make a company with an account of 10 in one field, and one of 5 in another's branch."""
    place = await make_place(price=Decimal("2.5"))
    await pay(place, "10", number=0)
    branch_id = await branches.create(company_id=place.company_id, name="South")
    field_id = await fields.create(
        company_id=place.company_id,
        branch_id=branch_id,
        name="Harbour",
        latitude=None,
        longitude=None,
    )
    first_field = place.field_id
    place.field_id = field_id
    await add_supply(place)
    place.field_id = first_field
    await pay(place, "5", number=1)
    return place


async def pay(place: Place, amount: str, *, number: int) -> None:
    account_id = account_of(place, number)
    await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_id,
        amount=Decimal(amount),
        idempotency_key=str(number),
        occurred_at=NOW,
    )


async def ask(web: Web, user: User, **variables: Any) -> Any:
    span = {"from": NOW.isoformat(), "to": (NOW + timedelta(hours=1)).isoformat()}
    asked = {"range": span, "by": "COMPANY", "resolution": "DAY"} | variables
    return await web.ask(INDICATORS, user, **asked)


async def paid(web: Web, user: User, by: str) -> list[list[str]]:
    answer = await ask(web, user, by=by)
    return [
        [bucket["paid"]["amount"] for bucket in group["buckets"]]
        for group in answer.data["indicators"]
    ]


async def test_a_day_shows_all_that_it_came_to(web: Web, place: Place) -> None:
    administrator = await web.user(place.company_id)
    register_set_id = await make_register_set(place.company_id)
    async with access.system() as connection:
        for at, index_wh in ((NOW - DAY, 700), (NOW, 4_000)):
            one = make_read(place, register_set_id, at, index_wh)
            await readings.store(connection, [one], now=NOW)
    await fold()
    await measure(now=NOW)

    answer = await ask(web, administrator)

    (group,) = answer.data["indicators"]
    assert (group["branch"], group["field"]) == (None, None)
    (bucket,) = group["buckets"]
    assert bucket == {
        "start": "2026-03-18T00:00:00+03:00",
        "end": "2026-03-19T00:00:00+03:00",
        "paid": {"amount": "15.000000", "currency": "TRY"},
        "paidBack": {"amount": "0.000000"},
        "paymentCount": 2,
        "charged": {"amount": "8.250000"},
        "energy": "3.300",
        "isSettled": False,
        "chargedAsOf": "2026-03-18T12:00:00+00:00",
        "movements": [
            movement("CASH", "15.000000", "0.000000", 2, 0),
            movement("CREDIT", "0.000000", "15.000000", 0, 2),
        ],
        "standing": {
            "asOf": "2026-03-18T12:00:00+00:00",
            "segments": [
                {"segment": "NO_ENERGY", "accountCount": 0},
                {"segment": "INVOICED", "accountCount": 0},
                {"segment": "WARNING_LIMIT", "accountCount": 1},
                {"segment": "CREDIT", "accountCount": 1},
            ],
            "belowWarningCount": 1,
            "balance": {"amount": "5.000000"},
            "debt": {"amount": "0.000000"},
            "emergencyUsed": {"amount": "0.000000"},
            "inFlight": {"amount": "0.000000"},
            "dailyUse": {"amount": "1.509433"},
            "averageRunOutDays": "0.00",
            "runOuts": [
                {"fromDays": first, "toDays": end, "accountCount": int(end == 0)}
                for first, end in RUN_OUTS
            ],
        },
    }


def movement(side: str, debited: str, credited: str, debits: int, credits_: int) -> dict[str, Any]:
    return {
        "kind": "CASH_TOP_UP",
        "side": side,
        "debited": {"amount": debited},
        "credited": {"amount": credited},
        "debitCount": debits,
        "creditCount": credits_,
    }


async def test_branches_and_fields_each_have_their_own(web: Web, place: Place) -> None:
    administrator = await web.user(place.company_id)

    by_branch = (await ask(web, administrator, by="BRANCH")).data["indicators"]

    assert by_branch[0]["branch"]["id"] == encode("Branch", place.branch_id)
    assert [one["field"] for one in by_branch] == [None, None]
    assert await paid(web, administrator, "BRANCH") == [["10.000000"], ["5.000000"]]
    assert await paid(web, administrator, "FIELD") == [["10.000000"], ["5.000000"]]
    assert await paid(web, administrator, "COMPANY") == [["15.000000"]]


@pytest.mark.parametrize("is_folded", [True, False])
async def test_whoever_is_confined_sees_the_own_places_alone(
    web: Web, place: Place, is_folded: bool
) -> None:
    of_field = await web.user(place.company_id, Role.OPERATOR, field_id=place.field_id)
    of_branch = await web.user(place.company_id, Role.OPERATOR, branch_id=place.branch_id)
    if is_folded:
        await fold()
    await measure(now=NOW)

    for user in (of_field, of_branch):
        assert await paid(web, user, "COMPANY") == [["10.000000"]]
        assert await paid(web, user, "FIELD") == [["10.000000"]]
        answer = await ask(web, user)
        standing = answer.data["indicators"][0]["buckets"][0]["standing"]
        assert standing["balance"] == {"amount": "10.000000"}


async def test_a_subscriber_and_another_company_see_nothing(web: Web, place: Place) -> None:
    other = await make_place()
    subscriber = await web.user(
        place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id
    )
    stranger = await web.user(other.company_id)

    assert await paid(web, subscriber, "COMPANY") == []
    assert await paid(web, subscriber, "FIELD") == []
    assert await paid(web, stranger, "FIELD") == [["0.000000"]]


async def test_it_takes_the_scope_of_balances(web: Web, place: Place) -> None:
    partner = await web.user(place.company_id, Role.PARTNER)

    answer = await ask(web, partner)

    assert answer.errors == [("FORBIDDEN", ["indicators"])]
    assert answer.body["data"] == {"indicators": None}


async def test_months_are_told_as_a_whole(web: Web, place: Place) -> None:
    administrator = await web.user(place.company_id)
    span = {"from": (NOW - 20 * DAY).isoformat(), "to": NOW.isoformat()}

    answer = await ask(web, administrator, range=span, resolution="MONTH")

    (group,) = answer.data["indicators"]
    assert [(one["start"], one["end"], one["paymentCount"]) for one in group["buckets"]] == [
        ("2026-02-01T00:00:00+03:00", "2026-03-01T00:00:00+03:00", 0),
        ("2026-03-01T00:00:00+03:00", "2026-04-01T00:00:00+03:00", 2),
    ]


async def test_too_much_at_once_is_refused(web: Web, place: Place) -> None:
    administrator = await web.user(place.company_id)
    long = {"from": (NOW - 500 * DAY).isoformat(), "to": NOW.isoformat()}
    elsewhere = {"from": NOW.isoformat(), "to": (NOW + DAY).isoformat(), "timeZone": "Asia/Tokyo"}

    refused = [await ask(web, administrator, range=one) for one in (long, elsewhere)]

    assert [one.codes for one in refused] == [["BAD_USER_INPUT"], ["BAD_USER_INPUT"]]
