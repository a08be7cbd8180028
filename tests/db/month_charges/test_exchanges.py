"""Lines of what a month was charged as a whole name each meter that told it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from db import access
from db.enums import InvoiceLineKind
from domain.invoices import credit_notes
from domain.invoices.rules import Index
from domain.ledger.queries import verify
from tests.db.invoicing import ISSUED_AT, invoice_of
from tests.db.month_charges.exchanged import (
    CHANGED_AT,
    NEW,
    Exchanged,
    make_exchanged,
    metered,
    of_kind,
    told,
)
from tests.db.month_charges.world import (
    ENDS_AT,
    LATER,
    MARCH_ENDS_AT,
    STARTS_AT,
    charged,
    invoice,
    read,
    verdict,
    work,
)

DEMAND, REACTIVE, SETTLEMENT = (
    InvoiceLineKind.DEMAND,
    InvoiceLineKind.REACTIVE,
    InvoiceLineKind.SETTLEMENT,
)
HOUR = timedelta(hours=1)
# The new meter has the month's peak, of 20 kW.
HIGHER = {**NEW, ENDS_AT - HOUR: (406_000, 100_000, 0, 20_000), ENDS_AT: (407_000, 101_000, 0)}


@pytest.fixture
async def exchanged(room: None) -> Exchanged:
    return await make_exchanged()


async def test_reactive_energy_of_two_meters_has_a_line_of_each(exchanged: Exchanged) -> None:
    await work()

    made = await invoice(exchanged.place)

    lines = of_kind(made, REACTIVE)
    of_old = metered(exchanged.old, Index(STARTS_AT, 0), Index(CHANGED_AT, 200_000))
    of_new = metered(exchanged.new, Index(CHANGED_AT, 1_000), Index(ENDS_AT, 101_000))
    assert told(lines) == [(of_old, "200", "100"), (of_new, "100", "50")]
    assert [
        [(tax.name, str(tax.base), str(tax.amount)) for tax in line.taxes] for line in lines
    ] == [
        [("VAT", "100.000000", "20.000000")],
        [("VAT", "50.000000", "10.000000")],
    ]
    # 1,000 kWh, 12.5 kW and 300 kvarh.
    (vat,) = made.taxes
    assert made.totals.lines == vat.base == 1000 + 125 + 150
    assert await charged(exchanged.place) == 125 + 150
    assert vat.amount == sum(tax.amount for line in made.lines for tax in line.taxes) == 255
    assert await verify() == []


@pytest.mark.parametrize("is_new", [False, True], ids=["the old meter", "the new meter"])
async def test_demand_names_the_meter_that_had_the_peak(room: None, is_new: bool) -> None:
    exchanged = await make_exchanged(new=HIGHER if is_new else NEW)
    await work()

    made = await invoice(exchanged.place)

    (demand,) = of_kind(made, DEMAND)
    of_old = metered(exchanged.old, None, Index(STARTS_AT + timedelta(days=3), 12_500))
    of_new = metered(exchanged.new, None, Index(ENDS_AT - HOUR, 20_000))
    assert told([demand]) == [(of_new, "20", "200") if is_new else (of_old, "12.5", "125")]


async def test_months_that_are_judged_again_keep_who_told_them(exchanged: Exchanged) -> None:
    await work()
    await read(exchanged.place, {MARCH_ENDS_AT: (900_000, 101_000, 0, 9_500)}, exchanged.new)
    before = await verdict(exchanged.place)

    await work(LATER)

    after = await verdict(exchanged.place)
    assert after["judged_at"] == LATER
    assert after["peaks_told_by"] == before["peaks_told_by"] != "{}"
    (demand,) = of_kind(await invoice(exchanged.place), DEMAND)
    assert demand.metered is not None
    assert demand.metered.serial == exchanged.old.serial


async def test_a_peak_stays_told_when_its_readings_are_forgotten(exchanged: Exchanged) -> None:
    await work()
    before = await verdict(exchanged.place)
    async with access.system() as connection:
        await connection.execute("delete from reading where ts < $1", CHANGED_AT)
        await connection.execute("update month_run set ended_at = null, after_account_id = 0")

    await work(LATER)

    after = await verdict(exchanged.place)
    assert after["judged_at"] == LATER
    assert after["peaks_told_by"] == before["peaks_told_by"] != "{}"


async def test_months_that_were_judged_before_name_no_meter(exchanged: Exchanged) -> None:
    await work()
    async with access.system() as connection:
        await connection.execute(
            "update month_verdict set peaks_told_by = '{}', measured_by = '[]'"
        )

    made = await invoice(exchanged.place)

    (_, _, *as_a_whole) = made.lines
    assert told(as_a_whole) == [(None, "12.5", "125"), (None, "300", "150")]
    assert made.totals.lines == 1275


async def test_demand_is_told_by_the_register_that_it_is_charged_by(exchanged: Exchanged) -> None:
    await work()
    async with access.system() as connection:
        await connection.execute(
            "update month_verdict set peaks_told_by ="
            " jsonb_build_object('1.6.1', peaks_told_by -> '1.6.0')"
        )

    (demand,) = of_kind(await invoice(exchanged.place), DEMAND)

    assert told([demand]) == [(None, "12.5", "125")]


async def test_a_credit_note_takes_a_line_back_with_its_meter(exchanged: Exchanged) -> None:
    await work()
    made = await invoice(exchanged.place)
    place = next(n for n, line in enumerate(made.lines, 1) if line.kind is DEMAND)

    note_id = await credit_notes.credit(
        company_id=exchanged.place.company_id,
        invoice_id=made.id,
        amounts={place: Decimal(25)},
        reason="wrong",
        idempotency_key="1",
        now=ISSUED_AT,
    )

    (line,) = (await invoice_of(exchanged.place.company_id, note_id)).lines
    assert (line.metered, line.of_line) == (made.lines[place - 1].metered, place)
