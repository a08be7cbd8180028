"""Lines and taxes sum to what the books charged of postpaid days, whenever modes changed."""

from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.enums import InvoiceLineKind
from domain.invoices import monthly
from tests.db.billing_modes.changing import POSTPAID, PREPAID, change, issue, posted
from tests.db.invoice_components.priced import DAY, EVERYTHING, HOUR, PLAIN, change_to, gross
from tests.db.invoicing import ENDS_AT, OPENED_AT, STARTS_AT, make_postpaid, measure
from tests.factories import make_register_set

Changes = list[datetime]


def postpaid_days(changes: Changes) -> list[datetime]:
    """Return when the days of February begin that ended while the account paid later."""
    days = [STARTS_AT + number * DAY for number in range((ENDS_AT - STARTS_AT).days)]
    return [day for day in days if sum(at < day + DAY for at in changes) % 2 == 0]


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    hours=st.sets(st.integers(0, 28 * 24), max_size=4),
    steps=st.lists(st.tuples(st.integers(2, 90), st.integers(0, 60_000)), min_size=8, max_size=40),
    cut=st.integers(0, 28 * 24),
)
async def test_invoices_are_what_the_books_charged_of_postpaid_days(
    room: None, hours: set[int], steps: list[tuple[int, int]], cut: int
) -> None:
    place = await make_postpaid()
    await change_to(place, EVERYTHING)
    await change_to(place, PLAIN, OPENED_AT + cut * HOUR + timedelta(minutes=1))
    changes = [STARTS_AT + one * HOUR for one in sorted(hours)]
    for number, at in enumerate(changes):
        await change(place, POSTPAID if number % 2 else PREPAID, at)
    at, index_wh, reads = OPENED_AT, 0, {OPENED_AT: 0}
    for gap, energy_wh in steps:
        at, index_wh = at + gap * HOUR, index_wh + energy_wh
        reads[at] = index_wh
    read_until = ENDS_AT + DAY
    reads = {one: shown for one, shown in reads.items() if one < read_until}
    await measure(place, await make_register_set(place.company_id), reads)

    due = sum([await posted(place, day, day + DAY) for day in postpaid_days(changes)], Decimal(0))
    try:
        invoice = await issue(place)
    except (monthly.NothingToInvoice, monthly.NotPostpaid):
        assert due == 0
        return

    assert gross(invoice) == due
    assert [line for line in invoice.lines if line.kind is InvoiceLineKind.SETTLEMENT] == []
