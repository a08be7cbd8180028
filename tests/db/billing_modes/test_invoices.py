"""Invoices are of the days on which an account paid later."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from db.enums import BillingMode
from domain.invoices import month_end
from domain.invoices.monthly import MonthNotOver, NothingToInvoice, NotPostpaid
from domain.ledger.queries import balance_of, verify
from tests.db.account_ends.ending import close
from tests.db.billing_modes.changing import (
    ELEVENTH,
    MARCH_ENDS_AT,
    MARCH_ISSUED_AT,
    POSTPAID,
    PREPAID,
    SHOWN,
    TWENTY_FIRST,
    change,
    invoices,
    issue,
    posted,
    spans,
)
from tests.db.invoice_components.priced import DAY, HOUR, gross
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    MARCH,
    OPENED_AT,
    STARTS_AT,
    add_postpaid,
    measure,
    query,
)
from tests.factories import Place, account_of


async def test_what_was_used_before_a_change_to_prepaid_is_invoiced(
    place: Place, registers: int
) -> None:
    await change(place, PREPAID, ELEVENTH)
    await measure(place, registers, SHOWN)

    assert await month_end.work(now=ISSUED_AT) == 1

    (invoice,) = await invoices(place)
    assert spans(invoice) == [(STARTS_AT, ELEVENTH)]
    assert gross(invoice) == await posted(place, STARTS_AT, ELEVENTH) == Decimal("23.456789")
    assert await verify() == []


async def test_what_was_used_before_a_change_to_postpaid_is_not_invoiced(
    place: Place, registers: int
) -> None:
    await change(place, PREPAID, OPENED_AT)
    await change(place, POSTPAID, ELEVENTH)
    await measure(place, registers, SHOWN)

    assert await month_end.work(now=ISSUED_AT) == 1

    (invoice,) = await invoices(place)
    assert spans(invoice) == [(ELEVENTH, ENDS_AT)]
    assert gross(invoice) == await posted(place, ELEVENTH, ENDS_AT) == Decimal("103.209872")
    assert await verify() == []


async def test_who_changes_twice_in_a_month_has_one_invoice_of_all_that_was_paid_later(
    place: Place, registers: int
) -> None:
    await change(place, PREPAID, ELEVENTH)
    await change(place, POSTPAID, TWENTY_FIRST)
    await measure(place, registers, SHOWN)

    assert await month_end.work(now=ISSUED_AT) == 1

    (invoice,) = await invoices(place)
    assert spans(invoice) == [(STARTS_AT, ELEVENTH), (TWENTY_FIRST, ENDS_AT)]
    told = await posted(place, STARTS_AT, ELEVENTH) + await posted(place, TWENTY_FIRST, ENDS_AT)
    assert gross(invoice) == told == Decimal("79.753083")


async def test_accounts_that_are_invoiced_together_are_told_their_own_days(
    place: Place, registers: int
) -> None:
    other = await add_postpaid(place)
    await change(place, PREPAID, ELEVENTH)
    for supply in place.supplies:
        await measure(place, registers, SHOWN, supply)

    assert await month_end.work(now=ISSUED_AT) == 2

    changed, stayed = await invoices(place)
    assert (changed.account_id, stayed.account_id) == (account_of(place), other.account_id)
    assert (gross(changed), gross(stayed)) == (Decimal("23.456789"), Decimal("126.666661"))
    assert await verify() == []


@pytest.mark.parametrize(
    ("at", "told_until"),
    [
        pytest.param(ELEVENTH - timedelta(microseconds=1), ELEVENTH - DAY, id="before midnight"),
        pytest.param(ELEVENTH, ELEVENTH, id="at midnight"),
        pytest.param(ELEVENTH + 15 * HOUR, ELEVENTH, id="in the afternoon"),
    ],
)
async def test_the_day_of_a_change_is_of_the_new_mode(
    place: Place, registers: int, at: datetime, told_until: datetime
) -> None:
    await change(place, PREPAID, at)
    await measure(place, registers, SHOWN | {ELEVENTH - DAY: 9_000, ELEVENTH + DAY: 12_000})

    invoice = await issue(place)

    assert spans(invoice) == [(STARTS_AT, told_until)]
    assert gross(invoice) == await posted(place, STARTS_AT, told_until)


async def test_a_mistake_that_is_undone_on_its_day_changes_nothing(
    place: Place, registers: int
) -> None:
    await change(place, PREPAID, ELEVENTH + HOUR)
    await change(place, POSTPAID, ELEVENTH + 2 * HOUR)
    await measure(place, registers, SHOWN)

    invoice = await issue(place)

    assert spans(invoice) == [(STARTS_AT, ENDS_AT)]
    assert gross(invoice) == await posted(place, STARTS_AT, ENDS_AT)


async def test_an_invoice_stays_as_it_is_whatever_changes_afterwards(
    place: Place, registers: int
) -> None:
    third = ENDS_AT + 2 * DAY
    await measure(place, registers, SHOWN)
    february = await issue(place)
    await change(place, PREPAID, third)
    await measure(
        place,
        registers,
        {third: 55_000, MARCH_ENDS_AT: 90_000},
        closed_at=MARCH_ISSUED_AT,
    )

    assert (await issue(place)).id == february.id
    assert await month_end.work(now=MARCH_ISSUED_AT) == 1

    told, march = await invoices(place)
    assert told == february
    assert spans(march) == [(ENDS_AT, third)]
    assert gross(march) == await posted(place, ENDS_AT, third)


@pytest.mark.parametrize(
    ("first", "then", "told"),
    [
        pytest.param(POSTPAID, PREPAID, (STARTS_AT, ELEVENTH), id="to prepaid"),
        pytest.param(PREPAID, POSTPAID, (ELEVENTH, TWENTY_FIRST), id="to postpaid"),
    ],
)
async def test_an_account_may_end_after_the_change(
    place: Place,
    registers: int,
    first: BillingMode,
    then: BillingMode,
    told: tuple[datetime, datetime],
) -> None:
    await change(place, first, OPENED_AT)
    await change(place, then, ELEVENTH)
    await measure(place, registers, {STARTS_AT: 0, ELEVENTH: 10_000, TWENTY_FIRST: 30_000})
    await close(
        place,
        version=await query("select version from account"),
        at=TWENTY_FIRST,
        index_wh=30_000,
        now=TWENTY_FIRST + HOUR,
    )

    assert await month_end.work(now=ISSUED_AT) == 1

    (invoice,) = await invoices(place)
    assert spans(invoice) == [told]
    assert gross(invoice) == await posted(place, *told)
    assert await verify() == []


async def test_what_is_invoiced_changes_no_balance(place: Place, registers: int) -> None:
    await change(place, PREPAID, ELEVENTH)
    await measure(place, registers, SHOWN)

    invoice = await issue(place)

    charged = await posted(place, STARTS_AT, ENDS_AT)
    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    assert balance == -charged - invoice.totals.rounding


async def test_a_month_in_which_an_account_paid_before_is_not_invoiced(
    place: Place, registers: int
) -> None:
    await change(place, PREPAID, OPENED_AT)
    await change(place, POSTPAID, ENDS_AT)
    await measure(place, registers, SHOWN)

    assert await month_end.work(now=ISSUED_AT) == 0
    with pytest.raises(NotPostpaid):
        await issue(place)

    assert await invoices(place) == []


async def test_who_has_changed_to_prepaid_has_nothing_to_invoice_of_later_months(
    place: Place, registers: int
) -> None:
    await change(place, PREPAID, ELEVENTH)
    reads = SHOWN | {MARCH_ENDS_AT: 90_000}
    await measure(place, registers, reads, closed_at=MARCH_ISSUED_AT)

    with pytest.raises(MonthNotOver):
        await issue(place, MARCH, now=MARCH_ENDS_AT - HOUR)
    with pytest.raises(NothingToInvoice):
        await issue(place, MARCH, now=MARCH_ISSUED_AT)
    with pytest.raises(NotPostpaid):
        await issue(place, FEBRUARY.moved(5), now=MARCH_ISSUED_AT + 150 * DAY)

    assert await month_end.work(now=MARCH_ISSUED_AT) == 0
    assert await invoices(place) == []
