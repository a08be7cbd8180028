"""Statements of accounts sum up to the last digit."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from domain.ledger import operations as ledger
from domain.readings import operations as readings
from domain.tariffs import operations as tariffs
from tests.api.web import User, Web
from tests.credit import pay
from tests.factories import NOW, Place, account_of, make_read, make_register_set

# Istanbul's day of NOW began then.
DAY_BEGAN = NOW.replace(hour=21) - timedelta(days=1)
DAY = timedelta(days=1)
STATEMENT = """
query ($id: ID!, $range: TimeRangeInput!) {
  node(id: $id) { ... on Account {
    balance { amount }
    statement(range: $range) {
      from to opening { amount currency } closing { amount } unposted { amount }
      estimatedDays
      totals { kind amount { amount } entryCount }
      entries(first: 100) { nodes { side kind amount { amount } } totalCount }
    }
  } }
}
"""


class Meter:
    """Reads the first supply's meter, again and again."""

    def __init__(self, place: Place, register_set_id: int) -> None:
        self._place = place
        self._register_set_id = register_set_id

    async def show(self, at: datetime, index_wh: int) -> None:
        read = make_read(self._place, self._register_set_id, at, index_wh)
        async with access.system() as connection:
            await readings.store(connection, [read], now=max(at, NOW))


@pytest.fixture
async def meter(place: Place) -> Meter:
    return Meter(place, await make_register_set(place.company_id))


async def statement(
    web: Web, user: User, place: Place, start: datetime, end: datetime
) -> dict[str, Any]:
    span = {"from": start.isoformat(), "to": end.isoformat()}
    answer = await web.ask(STATEMENT, user, id=encode("Account", account_of(place)), range=span)
    node = answer.data["node"]
    return dict(node["statement"]) | {"balance": node["balance"]["amount"]}


def amounts(shown: dict[str, Any]) -> tuple[str, str, str]:
    """Return opening, unposted and closing."""
    opening, unposted, closing = (
        shown[name]["amount"] for name in ("opening", "unposted", "closing")
    )
    return opening, unposted, closing


def sums_up(shown: dict[str, Any]) -> bool:
    """Return whether a statement's parts are its whole, by its totals and by its entries."""

    def total(parts: Sequence[dict[str, Any]]) -> Decimal:
        return sum((Decimal(part["amount"]["amount"]) for part in parts), Decimal(0))

    opening, unposted, closing = map(Decimal, amounts(shown))
    by_kind, by_entry = total(shown["totals"]), total(shown["entries"]["nodes"])
    return opening + by_kind + unposted == closing and by_kind == by_entry


async def test_a_statement_sums_up_while_its_day_is_open_closes_and_opens_again(
    web: Web, place: Place, administrator: User, meter: Meter
) -> None:
    await pay(place, "100.000001", at=DAY_BEGAN - 2 * DAY, key="before")
    await meter.show(DAY_BEGAN - 2 * timedelta(hours=1), 4_000)
    await ledger.close_days(now=DAY_BEGAN + timedelta(minutes=1))
    span = (DAY_BEGAN, DAY_BEGAN + DAY)
    seen = [await statement(web, administrator, place, *span)]

    await pay(place, "7.5", key="within")
    await meter.show(NOW, 5_000)
    seen.append(await statement(web, administrator, place, *span))
    await ledger.close_days(now=DAY_BEGAN + DAY)
    seen.append(await statement(web, administrator, place, *span))
    later = [await statement(web, administrator, place, DAY_BEGAN + DAY, DAY_BEGAN + 2 * DAY)]
    await meter.show(NOW + timedelta(hours=1), 5_400)
    seen.append(await statement(web, administrator, place, *span))
    later.append(await statement(web, administrator, place, DAY_BEGAN + DAY, DAY_BEGAN + 2 * DAY))

    assert [amounts(one) for one in seen] == [
        # Yesterday's energy was posted today.
        ("100.000001", "0.000000", "90.000001"),
        ("100.000001", "-2.500000", "95.000001"),
        ("100.000001", "0.000000", "97.500001"),
        ("100.000001", "-1.000000", "96.500001"),
    ]
    assert [amounts(one) for one in later] == [
        ("97.500001", "0.000000", "95.000001"),
        ("96.500001", "0.000000", "94.000001"),
    ]
    assert all(sums_up(one) for one in [*seen, *later])
    assert later[-1]["balance"] == "94.000001"
    assert seen[1]["totals"] == [
        {"kind": "CASH_TOP_UP", "amount": {"amount": "7.500000"}, "entryCount": 1},
        {"kind": "ENERGY", "amount": {"amount": "-10.000000"}, "entryCount": 1},
    ]
    assert seen[1]["entries"]["totalCount"] == 2


async def test_a_statement_names_days_that_a_change_of_price_split_by_an_estimate(
    web: Web, place: Place, administrator: User, meter: Meter
) -> None:
    await tariffs.set_price(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        price_per_kwh=Decimal(3),
        valid_from=DAY_BEGAN + timedelta(hours=1),
        now=DAY_BEGAN,
    )
    await meter.show(DAY_BEGAN + timedelta(minutes=30), 1_000)
    await meter.show(DAY_BEGAN + timedelta(minutes=90), 2_000)

    shown = await statement(web, administrator, place, DAY_BEGAN, DAY_BEGAN + DAY)
    before = await statement(web, administrator, place, DAY_BEGAN - DAY, DAY_BEGAN)

    assert (before["estimatedDays"], shown["estimatedDays"]) == ([], ["2026-03-18"])


async def test_a_statement_counts_no_other_side_and_no_other_account(
    web: Web, place: Place, administrator: User
) -> None:
    await pay(place, "5", number=1)

    shown = await statement(web, administrator, place, NOW - DAY, NOW + DAY)

    assert amounts(shown) == ("0.000000",) * 3
    assert (shown["totals"], shown["entries"]["totalCount"]) == ([], 0)


async def test_a_statement_ends_before_its_end(web: Web, place: Place, administrator: User) -> None:
    await pay(place, "5")

    before = await statement(web, administrator, place, NOW - DAY, NOW)
    after = await statement(web, administrator, place, NOW, NOW + DAY)

    assert amounts(before) == ("0.000000",) * 3
    assert amounts(after) == ("0.000000", "0.000000", "5.000000")


async def test_a_statement_of_no_time_is_refused(
    web: Web, place: Place, administrator: User
) -> None:
    span = {"from": NOW.isoformat(), "to": NOW.isoformat()}

    answer = await web.ask(
        STATEMENT, administrator, id=encode("Account", account_of(place)), range=span
    )

    assert answer.errors == [("BAD_USER_INPUT", ["node", "statement"])]
