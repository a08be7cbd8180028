"""What prices would have cost yesterday, before anybody proposes them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from api.global_ids import encode
from db import access
from db.enums import BillingBasis
from domain.readings import operations as readings
from domain.tariffs import assignments
from domain.tariffs.assignments import Whom
from tests.api.tariffs import BANDS, FLAT, proposal, versions
from tests.api.web import User, Web
from tests.db.load_profiles.told import store, told
from tests.factories import NOW, Place, account_of, add_supply, make_read, make_register_set

HOUR = timedelta(hours=1)
PREVIEW = """
query ($input: PreviewTariffVersionInput!) {
  previewTariffVersion(input: $input) {
    preview {
      accountCount meterCount pricedMeterCount day hasNextPage
      total { now then }
      accounts { account { number } cost { now then } }
    }
    userErrors { code path }
  }
}
"""
TRIED: dict[str, Any] = {
    "components": [
        {"name": "Energy", "kind": "ENERGY", "register": "1.8.0", "bands": BANDS},
        {"name": "Standing", "kind": "FEE", "pricePerDay": "1.25"},
    ],
    "taxes": [{"name": "VAT", "rate": "0.2", "on": ["ENERGY", "FEE"]}],
}


async def read_each_hour(place: Place) -> None:
    """Store readings of the first meter over two days: 100 Wh an hour."""
    registers = await make_register_set(place.company_id)
    reads = [make_read(place, registers, NOW - timedelta(hours=48 - n), n * 100) for n in range(49)]
    async with access.system() as connection:
        await readings.store(connection, reads, now=NOW)


async def test_a_preview_tells_what_yesterday_would_have_cost_and_changes_nothing(
    web: Web, place: Place, administrator: User
) -> None:
    await add_supply(place)
    await read_each_hour(place)
    before = await versions(place)

    answer = await web.ask(PREVIEW, administrator, input=proposal(place, TRIED))

    payload = answer.data["previewTariffVersion"]
    assert payload["userErrors"] == []
    (account,) = payload["preview"].pop("accounts")
    # Hours of 0.1 kWh: 11 at 2, 5 at 3.5 and 8 at 1; and the day; with a fifth more for taxes.
    cost = {"now": "5.629629", "then": "7.200000"}
    assert account["cost"] == cost
    assert payload["preview"] == {
        "accountCount": 2,
        "meterCount": 2,
        "pricedMeterCount": 1,
        "day": "2026-03-17",
        "hasNextPage": False,
        "total": cost,
    }
    assert await versions(place) == before


async def test_a_preview_goes_on_after_an_account(
    web: Web, place: Place, administrator: User
) -> None:
    await add_supply(place)
    first = encode("Account", place.supplies[0].account_id or 0)

    pages = [
        await web.ask(PREVIEW, administrator, input={**proposal(place, FLAT), "first": 1, **after})
        for after in ({}, {"afterAccountId": first})
    ]

    found = [page.data["previewTariffVersion"]["preview"] for page in pages]
    assert [(one["meterCount"], one["hasNextPage"]) for one in found] == [(1, True), (1, False)]


async def test_a_preview_knows_what_was_exported(
    web: Web, place: Place, administrator: User
) -> None:
    sold = {"kind": "ENERGY", "direction": "EXPORT", "register": "2.8.0", "price": "2"}
    prices = {"components": [*FLAT["components"], {"name": "Sold", **sold}]}
    both = await make_register_set(place.company_id, ("1.8.0", "2.8.0"))
    reads = [
        make_read(place, both, NOW - timedelta(hours=48 - n), n * 100, values=[n * 100, n * 50])
        for n in range(49)
    ]
    async with access.system() as connection:
        await readings.store(connection, reads, now=NOW)

    costs = [
        (await web.ask(PREVIEW, administrator, input=proposal(place, one))).data[
            "previewTariffVersion"
        ]["preview"]["total"]["then"]
        for one in (FLAT, prices)
    ]
    # 24 hours of 0.05 kWh at 2.
    assert Decimal(costs[1]) == Decimal(costs[0]) - Decimal("2.4")


async def test_a_preview_leaves_out_meters_without_a_register(
    web: Web, place: Place, administrator: User
) -> None:
    await read_each_hour(place)
    prices = {"components": [{**FLAT["components"][0], "register": "2.8.0"}]}

    answer = await web.ask(PREVIEW, administrator, input=proposal(place, prices))

    preview = answer.data["previewTariffVersion"]["preview"]
    assert (preview["meterCount"], preview["pricedMeterCount"]) == (1, 0)


async def test_a_preview_tells_hours_apart_by_the_load_profile(
    web: Web, place: Place, administrator: User
) -> None:
    # From eight to ten in the evening with all of it in the last hour but one, which is of T2.
    registers = await make_register_set(place.company_id)
    since = datetime(2026, 3, 16, 20, tzinfo=UTC)
    reads = [
        make_read(place, registers, since, 0),
        make_read(place, registers, since + 26 * HOUR, 2_600),
    ]
    evening = told(place, since, *[0] * 22, 2_600, *[0] * 3, period=HOUR)
    await store(evening, reads)
    prices = {"components": TRIED["components"][:1]}

    answer = await web.ask(PREVIEW, administrator, input=proposal(place, prices))

    total = answer.data["previewTariffVersion"]["preview"]["total"]
    assert Decimal(total["then"]) == Decimal("2.6") * Decimal("3.5")


async def test_a_preview_tells_bands_by_their_registers_where_they_are_the_basis(
    web: Web, place: Place, administrator: User
) -> None:
    await assignments.assign(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        whom=Whom(account_ids=(account_of(place),)),
        starts_at=NOW + HOUR,
        basis=BillingBasis.TOU_REGISTERS,
        now=NOW,
    )
    registers = await make_register_set(place.company_id, ("1.8.0", "1.8.1", "1.8.2", "1.8.3"))
    day = datetime(2026, 3, 16, 21, tzinfo=UTC)
    shown = {day: [1_000, 500, 300, 200], day + 24 * HOUR: [11_000, 6_500, 2_300, 2_200]}
    async with access.system() as connection:
        reads = [make_read(place, registers, at, v[0], values=v) for at, v in shown.items()]
        await readings.store(connection, reads, now=NOW)
    bands = [*BANDS[:2], {**BANDS[2], "register": "1.8.3"}]
    prices = {"components": [{**TRIED["components"][0], "bands": bands}]}

    answer = await web.ask(PREVIEW, administrator, input=proposal(place, prices))

    total = answer.data["previewTariffVersion"]["preview"]["total"]
    # 6 kWh at 2, 2 at 3.5 and 2 at 1.
    assert total["then"] == "21.000000"
