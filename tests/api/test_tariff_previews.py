"""What prices would have cost yesterday, before anybody proposes them."""

from datetime import timedelta
from decimal import Decimal

from api.global_ids import encode
from db import access
from domain.readings import operations as readings
from tests.api.tariffs import BANDS, FLAT, proposal, versions
from tests.api.web import User, Web
from tests.factories import NOW, Place, add_supply, make_read, make_register_set

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
TRIED = {
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
