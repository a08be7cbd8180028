"""What comes late is settled by the days that it is of, however the account pays by then."""

from decimal import Decimal

from db.enums import InvoiceLineKind
from domain.invoices import month_end
from tests.db.billing_modes.changing import (
    ELEVENTH,
    MARCH_ENDS_AT,
    MARCH_ISSUED_AT,
    POSTPAID,
    PREPAID,
    SHOWN,
    change,
    invoices,
    issue,
    posted,
)
from tests.db.invoice_components.priced import DAY, gross
from tests.db.invoicing import ENDS_AT, FEBRUARY, MARCH, OPENED_AT, STARTS_AT, measure
from tests.factories import Place

FIFTH = STARTS_AT + 5 * DAY


async def test_late_energy_is_settled_after_a_change_to_prepaid(
    place: Place, registers: int
) -> None:
    await change(place, PREPAID, ELEVENTH)
    await measure(place, registers, {STARTS_AT: 0, FIFTH: 5_000, ENDS_AT: 54_000})
    february = await issue(place)
    late = {ELEVENTH: 10_000, MARCH_ENDS_AT: 90_000}
    await measure(place, registers, late, closed_at=MARCH_ISSUED_AT)

    assert await month_end.work(now=MARCH_ISSUED_AT) == 1

    _, march = await invoices(place)
    (settlement,) = march.lines
    assert (settlement.kind, settlement.energy_month) == (InvoiceLineKind.SETTLEMENT, FEBRUARY)
    assert settlement.amount == Decimal("11.728394")
    assert gross(february) + gross(march) == await posted(place, STARTS_AT, ELEVENTH)


async def test_late_energy_of_an_earlier_prepaid_span_is_not_invoiced(
    place: Place, registers: int
) -> None:
    await change(place, PREPAID, OPENED_AT)
    await change(place, POSTPAID, ELEVENTH)
    # 5 of 7 kWh of the day on which the 11th ended turn out to be of the day before.
    reads = {STARTS_AT: 0, FIFTH: 5_000, ELEVENTH + DAY: 12_000, ENDS_AT: 54_000}
    await measure(place, registers, reads)
    february = await issue(place)
    late = {ELEVENTH: 10_000, MARCH_ENDS_AT: 90_000}
    await measure(place, registers, late, closed_at=MARCH_ISSUED_AT)

    march = await issue(place, MARCH, now=MARCH_ISSUED_AT)

    energy, settlement = march.lines
    assert energy.amount == await posted(place, ENDS_AT, MARCH_ENDS_AT)
    assert (settlement.energy_month, settlement.amount) == (FEBRUARY, Decimal("-11.728394"))
    assert gross(february) + gross(march) == await posted(place, ELEVENTH, MARCH_ENDS_AT)


async def test_late_energy_of_a_prepaid_span_is_no_invoice_of_its_own(
    place: Place, registers: int
) -> None:
    await change(place, PREPAID, ELEVENTH)
    known = {at: index_wh for at, index_wh in SHOWN.items() if at != ENDS_AT}
    await measure(place, registers, known)
    february = await issue(place)
    late = {ENDS_AT: 54_000, MARCH_ENDS_AT: 90_000}
    await measure(place, registers, late, closed_at=MARCH_ISSUED_AT)

    assert await month_end.work(now=MARCH_ISSUED_AT) == 0

    assert await invoices(place) == [february]
    assert gross(february) == await posted(place, STARTS_AT, ELEVENTH)
