"""Who pays for reactive energy, by the worked limits of the country."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from db.enums import NotJudged
from domain.ledger.queries import verify
from domain.month_charges import faults
from domain.tariffs.components import Version
from domain.tariffs.presets import TR_REACTIVE
from tests.db.month_charges.world import (
    CHARGED_AT,
    DEMAND,
    ENDS_AT,
    ENERGY,
    FACTORY,
    FEBRUARY,
    LATER,
    MARCH,
    MARCH_ENDS_AT,
    REACTIVE,
    STARTS_AT,
    add_factory,
    charged,
    know,
    make_monthly,
    read,
    value,
    verdict,
    work,
)
from tests.factories import Place, account_of

ONLY_REACTIVE = Version(components=(ENERGY, REACTIVE), reactive=TR_REACTIVE)
SMALL = {**FACTORY, "installed_kva": Decimal("49.9")}
OVER = (1_000_000, 250_000, 0)


@pytest.fixture
async def place(room: None) -> Place:
    return await make_monthly(version=ONLY_REACTIVE)


async def use(place: Place, used: tuple[int, int, int]) -> None:
    await read(place, {STARTS_AT: (0, 0, 0), ENDS_AT: used})


@pytest.mark.parametrize(
    ("facts", "used", "kvarh"),
    [
        pytest.param(FACTORY, (1_000_000, 200_000, 150_000), 0, id="at both limits"),
        pytest.param(FACTORY, (1_000_000, 200_001, 0), Decimal("200.001"), id="over: all of it"),
        pytest.param(FACTORY, (1_000_000, 0, 150_001), Decimal("150.001"), id="capacitive"),
        pytest.param(FACTORY, (1_000_000, 250_000, 400_000), 400, id="both: the larger"),
        pytest.param(FACTORY, (0, 1_000, 0), 1, id="no active energy"),
        pytest.param(SMALL, (1_000_000, 330_000, 200_000), 0, id="below 50 kVA, at the limits"),
        pytest.param(SMALL, (1_000_000, 330_001, 0), Decimal("330.001"), id="below 50 kVA, over"),
        pytest.param({"phases": 1}, OVER, 0, id="one phase"),
        pytest.param({"connection_kw": Decimal(9)}, OVER, 0, id="9 kW"),
    ],
)
async def test_limits(
    place: Place, facts: dict[str, Any], used: tuple[int, int, int], kvarh: Decimal
) -> None:
    await know(place, place.supplies[0], facts)
    await use(place, used)

    await work()

    assert await charged(place) == kvarh / 2
    assert (await verdict(place))["not_judged"] is None


async def test_exempt_categories_do_not_pay(place: Place) -> None:
    supply = await add_factory(place, category="LIGHTING")
    await read(place, {STARTS_AT: (0, 0, 0), ENDS_AT: OVER}, supply)

    await work()

    assert await charged(place, account_id=supply.account_id) == 0
    told = await verdict(place, account_id=supply.account_id)
    assert (told["not_judged"], told["inductive_limit"]) == (None, None)


@pytest.mark.parametrize("unknown", ["installed_kva", "connection_kw", "phases"])
async def test_nobody_pays_while_the_connection_is_not_known(place: Place, unknown: str) -> None:
    await know(place, place.supplies[0], {unknown: None})
    await use(place, OVER)

    await work()

    assert await charged(place) == 0
    assert (await verdict(place))["not_judged"] == NotJudged.CONNECTION_UNKNOWN
    assert await value("select count(*) from month_charge") == 0


async def test_what_becomes_known_of_a_connection_settles_the_months_that_lacked_it(
    place: Place,
) -> None:
    await know(place, place.supplies[0], {"installed_kva": None})
    await use(place, OVER)
    await work()

    await know(place, place.supplies[0], {"installed_kva": Decimal(160)})
    await work()

    assert await charged(place) == 125


async def test_a_connection_that_becomes_another_changes_no_month_before(place: Place) -> None:
    await use(place, OVER)
    await work()

    await know(place, place.supplies[0], {"installed_kva": Decimal(30)})
    await read(place, {ENDS_AT - timedelta(hours=1): (999_000, 249_000, 0)}, now=CHARGED_AT)
    await work()

    assert await charged(place) == 125
    assert (await verdict(place))["installed_kva"] == 160


async def test_limits_of_a_later_day_charge_nobody(room: None) -> None:
    later = replace(TR_REACTIVE, valid_from=date(2026, 2, 2))
    place = await make_monthly(version=replace(ONLY_REACTIVE, reactive=later))
    await use(place, OVER)

    await work()

    assert await charged(place) == 0
    assert (await verdict(place))["not_judged"] == NotJudged.LIMITS_LATER


async def test_a_tariff_of_demand_alone_judges_no_reactive_energy(room: None) -> None:
    place = await make_monthly(version=Version(components=(ENERGY, DEMAND)))
    await use(place, OVER)

    await work()

    told = await verdict(place)
    assert (told["not_judged"], told["charged_varh"]) == (NotJudged.NO_LIMITS, 0)


async def record(place: Place, *, february: bool, now: datetime = CHARGED_AT) -> None:
    await faults.record(
        company_id=place.company_id,
        point_id=place.supplies[0].point_id,
        month=FEBRUARY if february else MARCH,
        reason="a capacitor failed",
        now=now,
    )


async def two_months(place: Place) -> None:
    await read(
        place,
        {STARTS_AT: (0, 0, 0), ENDS_AT: OVER, MARCH_ENDS_AT: (2_000_000, 550_000, 0)},
    )


async def both(place: Place) -> list[str]:
    """Return what February and March were charged."""
    return [f"{await charged(place, month):g}" for month in (FEBRUARY, MARCH)]


async def test_a_fault_is_waived_once_a_year_and_the_next_one_ends_that(place: Place) -> None:
    await two_months(place)
    await record(place, february=True)
    await work()
    waived = await charged(place)

    await record(place, february=False, now=LATER)
    await work(LATER)

    assert waived == 0
    assert await both(place) == ["125", "150"]
    told = await verdict(place)
    assert (told["waived"], told["recalled_by"]) == (True, MARCH.first)
    assert await verify() == []


async def test_where_a_waiver_stays_the_next_fault_is_charged_alone(room: None) -> None:
    stays = replace(TR_REACTIVE, waiver_ends_with_the_next=False)
    place = await make_monthly(version=replace(ONLY_REACTIVE, reactive=stays))
    await two_months(place)
    await record(place, february=True)
    await work()

    await record(place, february=False, now=LATER)
    await work(LATER)

    assert await both(place) == ["0", "150"]
    assert (await verdict(place))["recalled_by"] is None


async def test_in_which_order_faults_are_recorded_does_not_matter(place: Place) -> None:
    await two_months(place)
    await work()
    await work(LATER)
    await record(place, february=False, now=LATER)
    await work(LATER)
    first = await both(place)

    await record(place, february=True, now=LATER)
    await work(LATER)

    assert first == ["125", "0"]
    assert await both(place) == ["125", "150"]
    assert (await verdict(place))["recalled_by"] == MARCH.first
    assert not (await verdict(place, MARCH))["waived"]
    # February was charged, waived and charged again; March was charged, waived, and charged.
    revisions = await value(
        "select array_agg(amount_micro order by month, revision) from month_charge"
        " where account_id = $1",
        account_of(place),
    )
    assert revisions == [125_000_000, 150_000_000, -150_000_000, 150_000_000]
    assert await verify() == []


async def test_a_fault_that_is_revoked_is_none(place: Place) -> None:
    await use(place, OVER)
    await record(place, february=True)
    await work()

    await faults.revoke(
        company_id=place.company_id,
        point_id=place.supplies[0].point_id,
        month=FEBRUARY,
        reason="nothing had failed",
        now=CHARGED_AT,
    )
    await work()

    assert await charged(place) == 125
