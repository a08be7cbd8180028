"""Of a month only the surplus is paid for, where its tariff nets what was exported."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from db.enums import BillingMode, NotNetted
from domain.ledger.queries import balance_of, verify
from domain.month_charges import faults
from domain.tariffs.components import Version
from domain.tariffs.presets import TR_REACTIVE
from tests.db.month_charges.exporting import (
    NETTED,
    SURPLUS,
    make_exporting,
    netting,
    read,
)
from tests.db.month_charges.world import (
    CHARGED_AT,
    DEMAND,
    ENDS_AT,
    FACTORY,
    FEBRUARY,
    LATER,
    MARCH,
    MARCH_ENDS_AT,
    REACTIVE,
    STARTS_AT,
    charged,
    rows,
    value,
    verdict,
    work,
)
from tests.db.month_charges.world import read as read_reactive
from tests.factories import Place, account_of


@pytest.fixture
async def place(room: None) -> Place:
    return await make_exporting()


@pytest.mark.parametrize("billing_mode", BillingMode)
async def test_a_month_is_charged_for_its_surplus(room: None, billing_mode: BillingMode) -> None:
    place = await make_exporting(billing_mode=billing_mode)
    await read(place, SURPLUS)
    before = await balance_of(company_id=place.company_id, account_id=account_of(place))

    posted = await work()

    assert posted == 1
    after = await balance_of(company_id=place.company_id, account_id=account_of(place))
    # 400 kWh: 3 and 20 % are given back of each, and the credit of 2 is taken back.
    assert after - before == 400 * (Decimal("3.6") - 2)
    assert await netting(place) == {"imported_kwh": 1000, "exported_kwh": 400, "netted_kwh": 400}
    assert await rows(
        "select component, kind, unit, price, quantity, amount_micro from month_charge_line"
        " order by line"
    ) == [
        {
            "component": component,
            "kind": "ENERGY",
            "unit": "KWH",
            "price": Decimal(price),
            "quantity": Decimal(-400),
            "amount_micro": amount_micro,
        }
        for component, price, amount_micro in (
            ("Energy", 3, -1_200_000_000),
            ("Sold", 2, 800_000_000),
        )
    ]
    assert await verify() == []


async def test_more_export_than_import_leaves_credit_for_the_rest(place: Place) -> None:
    await read(place, {STARTS_AT: (0, 0), ENDS_AT: (300_000, 500_000)})

    await work()

    # The grid for 300 kWh, less the credit for 200 kWh.
    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    assert balance == -300 + 200 * 2


async def test_charging_again_changes_nothing(place: Place) -> None:
    await read(place, SURPLUS)
    await work()

    assert await work() == 0
    assert await work(CHARGED_AT + timedelta(days=1)) == 0

    assert await value("select count(*) from month_charge") == 1


async def test_what_is_the_same_in_money_is_not_posted(room: None) -> None:
    bought, carried, sold = NETTED.components
    alike = (bought, carried, replace(sold, shape=bought.shape))
    place = await make_exporting(replace(NETTED, components=alike, taxes=()))
    await read(place, SURPLUS)

    assert await work() == 0

    assert await value("select count(*) from month_charge") == 0
    assert (await netting(place))["netted_kwh"] == 400


async def test_readings_that_come_late_make_a_revision(place: Place) -> None:
    early = ENDS_AT - timedelta(hours=2)
    await read(place, {STARTS_AT: (5_000, 1_000), early: (985_000, 351_000)})
    await work()
    before = await charged(place)

    await read(place, {ENDS_AT: (1_005_000, 401_000)}, now=CHARGED_AT)
    posted = await work()

    assert before == -350
    assert posted == 1
    assert await charged(place) == -400
    assert await rows(
        "select revision, component, quantity from month_charge_line order by revision, line"
    ) == [
        {"revision": revision, "component": component, "quantity": Decimal(quantity)}
        for revision, quantity in ((1, -350), (2, -50))
        for component in ("Energy", "Sold")
    ]
    assert await verify() == []


async def test_months_follow_each_other_without_a_gap(place: Place) -> None:
    early = ENDS_AT - timedelta(hours=3)
    await read(place, {STARTS_AT: (0, 0), early: (100_000, 60_000)})
    await read(place, {MARCH_ENDS_AT: (250_000, 300_000)})

    await work()
    await work(LATER)

    assert await netting(place) == {"imported_kwh": 100, "exported_kwh": 60, "netted_kwh": 60}
    assert await netting(place, month=MARCH) == {
        "imported_kwh": 150,
        "exported_kwh": 240,
        "netted_kwh": 150,
    }


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        pytest.param({ENDS_AT: (1_000, 400)}, NotNetted.READINGS_MISSING, id="no beginning"),
        pytest.param({STARTS_AT: (1_000, 400)}, NotNetted.READINGS_MISSING, id="no end"),
        pytest.param(
            {STARTS_AT: (0, 0), ENDS_AT: (1_000, None)},
            NotNetted.READINGS_MISSING,
            id="no export at the end",
        ),
        pytest.param(
            {STARTS_AT: (0, 90_000_000_000), ENDS_AT: (1_000, 60_000_000_000)},
            NotNetted.READINGS_IMPLAUSIBLE,
            id="more than the meter carries",
        ),
    ],
)
async def test_nothing_is_netted_where_readings_do_not_tell(
    place: Place, shown: dict[datetime, tuple[int, int | None]], reason: NotNetted
) -> None:
    await read(place, shown)

    await work()

    assert await netting(place) == {"not_netted": reason}
    assert await value("select count(*) from month_charge") == 0


async def test_what_was_netted_stays_when_its_readings_are_forgotten(place: Place) -> None:
    await read(place, SURPLUS)
    await work()
    await value("delete from reading where ts = $1", STARTS_AT)
    await value(
        "insert into month_due (company_id, account_id, month, due_at) values ($1, $2, $3, $4)",
        place.company_id,
        account_of(place),
        FEBRUARY.first,
        CHARGED_AT,
    )

    assert await work() == 0

    assert await charged(place) == -400
    assert (await netting(place))["netted_kwh"] == 400


async def test_a_month_that_another_one_changes_stays_netted(room: None) -> None:
    version = Version(
        components=(*NETTED.components, REACTIVE), netting=NETTED.netting, reactive=TR_REACTIVE
    )
    place = await make_exporting(version, facts=FACTORY)
    await read(place, SURPLUS | {MARCH_ENDS_AT: (2_005_000, 501_000)})
    over = {STARTS_AT: (5_000, 0, 0), ENDS_AT: (1_005_000, 300_000, 0)}
    await read_reactive(place, over | {MARCH_ENDS_AT: (2_005_000, 600_000, 0)})
    for month in (FEBRUARY, MARCH):
        await faults.record(
            company_id=place.company_id,
            point_id=place.supplies[0].point_id,
            month=month,
            reason="A capacitor was dead",
            now=LATER,
        )
    await work()
    before = await charged(place)

    await work(LATER)

    # The fault of March ends the waiver of February: 300 kvarh at 0.5.
    assert before == -400
    assert await charged(place) == -400 + 150
    assert await charged(place, MARCH) == -100 + 150
    assert await verify() == []


async def test_who_nets_nothing_is_not_asked(room: None) -> None:
    place = await make_exporting(
        Version(components=(*NETTED.components, DEMAND), taxes=NETTED.taxes)
    )
    await read(place, SURPLUS)

    await work()

    assert (await verdict(place))["netting"] is None
    assert await charged(place) == 0
