"""Invoices of a month: what they charge is what the books have, to the last digit."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest

from db import access
from db.ids import InvoiceId
from db.settings import Urls
from domain.invoices import monthly
from domain.invoices.monthly import MonthNotOver, NothingToInvoice, NotPostpaid
from domain.ledger.queries import balance_of, verify
from domain.refusals import NotThere
from domain.tariffs import operations as tariffs
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    ISSUED_AT,
    MARCH,
    OPENED_AT,
    PRICE,
    STARTS_AT,
    invoice_of,
    make_postpaid,
    measure,
    query,
)
from tests.db.shared_supplies.sharing import add_tenant, share
from tests.factories import Place, account_of, add_supply, make_register_set

CHARGED = """
    select -sum(e.amount) from entry e
    join journal j on j.company_id = e.company_id and j.id = e.journal_id
    where e.company_id = $1 and e.account_id = $2 and j.kind = 'ENERGY'
        and j.energy_date between $3 and $4
"""
ROUNDED = """
    select sum(e.amount) from entry e
    join journal j on j.company_id = e.company_id and j.id = e.journal_id
    where e.company_id = $1 and e.account_id = $2 and j.kind = 'INVOICE_ROUNDING'
"""


@pytest.fixture
async def place(room: None) -> Place:
    return await make_postpaid()


async def issue(place: Place, number: int = 0) -> InvoiceId:
    return await monthly.issue(
        company_id=place.company_id,
        account_id=account_of(place, number),
        month=FEBRUARY,
        now=ISSUED_AT,
    )


async def charged(place: Place) -> Decimal:
    days = (FEBRUARY.first, MARCH.first - timedelta(days=1))
    amount = await query(CHARGED, place.company_id, account_of(place), *days)
    assert isinstance(amount, Decimal)
    return amount


async def test_a_month_runs_from_its_first_register_to_its_last(
    place: Place, registers: int
) -> None:
    noon = STARTS_AT + timedelta(days=10)
    indexes = {
        STARTS_AT: 1_001,
        noon: 50_002,
        ENDS_AT: 123_456,
        ENDS_AT + timedelta(days=1): 130_000,
    }
    await measure(place, registers, indexes)

    invoice = await invoice_of(place.company_id, await issue(place))

    (line,) = invoice.lines
    assert line.metered is not None
    assert line.metered.first is not None
    assert (line.metered.serial, line.metered.multiplier) == (place.supplies[0].serial, Decimal(1))
    assert (line.metered.first.at, line.metered.first.index_wh) == (STARTS_AT, 1_001)
    assert (line.metered.last.at, line.metered.last.index_wh) == (ENDS_AT, 123_456)
    assert line.metered.energy_wh == 122_455
    assert not line.is_estimated
    assert invoice.totals.lines == await charged(place) == Decimal("287.240109")
    assert invoice.totals.total == Decimal("287.24")
    assert invoice.totals.rounding == Decimal("-0.000109")
    assert (invoice.number, str(invoice.due_date)) == ("INV2026000000001", "2026-03-12")


async def test_rounding_is_posted_so_that_who_pays_owes_nothing(
    place: Place, registers: int
) -> None:
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 123_456})

    invoice = await invoice_of(place.company_id, await issue(place))

    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    assert balance == -invoice.totals.total
    assert -await query(ROUNDED, place.company_id, account_of(place)) == invoice.totals.rounding
    assert await verify() == []


async def test_without_a_reading_at_the_months_end_the_last_one_counts_as_an_estimate(
    place: Place, registers: int
) -> None:
    last = ENDS_AT - timedelta(hours=30)
    indexes = {STARTS_AT: 0, last: 100_000, ENDS_AT + timedelta(days=1): 130_000}
    await measure(place, registers, indexes)

    invoice = await invoice_of(place.company_id, await issue(place))

    (line,) = invoice.lines
    assert line.metered is not None
    assert (line.metered.last.at, line.metered.last.index_wh) == (last, 100_000)
    assert line.is_estimated
    assert invoice.totals.lines == await charged(place) == Decimal("234.567890")


async def test_transformers_multiply_the_energy(room: None) -> None:
    place = await make_postpaid(multiplier=Decimal("40.5"))
    await measure(place, await make_register_set(place.company_id), {STARTS_AT: 0, ENDS_AT: 10_000})

    invoice = await invoice_of(place.company_id, await issue(place))

    (line,) = invoice.lines
    assert line.metered is not None
    assert line.metered.energy_wh == 405_000
    assert invoice.totals.lines == await charged(place)


async def test_each_price_of_a_month_has_a_line(place: Place, registers: int) -> None:
    change = STARTS_AT + timedelta(days=14)
    await tariffs.set_price(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        price_per_kwh=Decimal(3),
        valid_from=change,
        now=STARTS_AT,
    )
    around = {change - timedelta(hours=1): 59_000, change + timedelta(hours=1): 61_000}
    await measure(place, registers, {STARTS_AT: 0, **around, ENDS_AT: 100_000})

    invoice = await invoice_of(place.company_id, await issue(place))

    metered = [line.metered for line in invoice.lines if line.metered is not None]
    assert [line.priced and line.priced.price for line in invoice.lines] == [PRICE, Decimal(3)]
    assert [(one.first.index_wh, one.last.index_wh) for one in metered if one.first] == [
        (0, 60_000),
        (60_000, 100_000),
    ]
    assert invoice.totals.lines == await charged(place)


async def test_what_comes_late_is_settled_with_the_next_invoice(
    place: Place, registers: int
) -> None:
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT - timedelta(days=3): 90_000})
    first = await invoice_of(place.company_id, await issue(place))
    after = ENDS_AT + timedelta(days=20)
    later = ENDS_AT + timedelta(days=33)
    await measure(place, registers, {ENDS_AT: 100_000, after: 150_000}, closed_at=later)

    second_id = await monthly.issue(
        company_id=place.company_id,
        account_id=account_of(place),
        month=MARCH,
        now=later,
    )

    second = await invoice_of(place.company_id, second_id)
    energy, settlement = second.lines
    assert first.totals.lines == Decimal("211.111101")
    assert energy.amount == Decimal("117.283945")
    assert (settlement.energy_month, settlement.amount) == (FEBRUARY, Decimal("23.456789"))


async def test_asking_again_returns_the_invoice_that_was_made(place: Place, registers: int) -> None:
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 1_000})

    made = await asyncio.gather(*(issue(place) for _ in range(5)))

    assert len(set(made)) == 1
    assert await query("select count(*) from invoice") == 1
    assert await query("select last_number from invoice_counter") == 1


async def test_a_month_that_is_not_over_is_not_invoiced(place: Place, registers: int) -> None:
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT - timedelta(days=2): 1_000})

    with pytest.raises(MonthNotOver):
        await monthly.issue(
            company_id=place.company_id,
            account_id=account_of(place),
            month=FEBRUARY,
            now=ENDS_AT - timedelta(seconds=1),
        )

    assert await query("select count(*) from invoice") == 0


async def test_a_month_whose_days_are_open_is_not_invoiced(place: Place, registers: int) -> None:
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 1_000})
    async with access.system() as connection:
        await connection.execute("update accrual set charged_micro = charged_micro + 1")

    with pytest.raises(MonthNotOver):
        await issue(place)

    assert await query("select count(*) from invoice") == 0


async def test_who_pays_before_is_not_invoiced_by_month(place: Place) -> None:
    await add_supply(place)

    with pytest.raises(NotPostpaid):
        await issue(place, 1)

    assert await query("select count(*) from invoice") == 0


async def test_an_account_without_a_meter_has_nothing_to_invoice(
    place: Place, registers: int
) -> None:
    async with access.system() as connection:
        await connection.execute("update metering_point set role = 'CHECK'")

    with pytest.raises(NothingToInvoice):
        await issue(place)

    assert await query("select count(*) from invoice_counter") == 0


async def test_other_companies_accounts_are_not_there(place: Place, registers: int) -> None:
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 1_000})
    other = await make_postpaid()

    with pytest.raises(NotThere):
        await monthly.issue(
            company_id=other.company_id,
            account_id=account_of(place),
            month=FEBRUARY,
            now=ISSUED_AT,
        )

    assert await query("select count(*) from invoice") == 0


@pytest.mark.parametrize("table", ["invoice", "invoice_line", "invoice_tax"])
async def test_an_invoice_is_never_changed(
    place: Place, registers: int, database: Urls, table: str
) -> None:
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 1_000})
    await issue(place)
    owner = await asyncpg.connect(database.owner)
    await owner.execute(
        "insert into invoice_tax (company_id, invoice_id, place, name, base_micro, amount_micro)"
        " select company_id, id, 1, 'VAT', 1, 1 from invoice"
    )

    for change in (f"update {table} set company_id = 0", f"delete from {table}"):
        with pytest.raises(asyncpg.RestrictViolationError, match=f"of {table} is refused"):
            await owner.execute(change)

    await owner.close()


async def test_who_shares_a_supply_is_invoiced_for_the_own_part(
    place: Place, registers: int
) -> None:
    other = await add_tenant(place, "OTHER", opened_at=OPENED_AT)
    shares = {account_of(place): 333_333, other: 666_667}
    await share(place, place.supplies[0], shares, since=STARTS_AT, index_wh=1_000)
    await measure(place, registers, {STARTS_AT: 1_000, ENDS_AT: 101_000})

    invoice = await invoice_of(place.company_id, await issue(place))

    (line,) = invoice.lines
    assert line.metered is not None
    assert line.metered.first is not None
    assert (line.metered.first.index_wh, line.metered.last.index_wh) == (1_000, 101_000)
    assert line.metered.shared_wh == line.metered.energy_wh == 33_333
    assert invoice.totals.lines == await charged(place) == Decimal("78.188515")
