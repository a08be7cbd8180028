"""An account that changes between paying before and after it consumes, and its invoices."""

from datetime import datetime
from decimal import Decimal

from db import access
from db.enums import BillingMode, PaymentMethod
from db.ids import InvoiceId, PaymentId
from domain.accounts import operations
from domain.invoices import monthly, own_credit
from domain.invoices.rules import Month
from domain.invoices.stored import StoredInvoice
from domain.ledger import operations as ledger
from domain.payments import operations as payments
from tests.db.invoice_components.priced import DAY, HOUR
from tests.db.invoicing import ENDS_AT, FEBRUARY, ISSUED_AT, STARTS_AT, invoice_of, query
from tests.factories import Place, account_of

PREPAID, POSTPAID = BillingMode.PREPAID, BillingMode.POSTPAID
MARCH_ENDS_AT = datetime.fromisoformat("2026-03-31T21:00:00Z")
MARCH_ISSUED_AT = datetime.fromisoformat("2026-04-02T09:00:00Z")
# Local midnights: the 11th and the 21st of February begin then.
ELEVENTH, TWENTY_FIRST = STARTS_AT + 10 * DAY, STARTS_AT + 20 * DAY
# What the meter shows there: 1 kWh a day, then 2, then 3.
SHOWN = {
    STARTS_AT: 0,
    ELEVENTH: 10_000,
    TWENTY_FIRST: 30_000,
    ENDS_AT: 54_000,
}
PURCHASED = """
    select sum(total_micro - credited_micro) / 1000000 from invoice where kind = 'PURCHASE'
"""
POSTED = """
    select coalesce(sum(posted_micro), 0) / 1000000 from accrual
    where company_id = $1 and account_id = $2 and local_date >= $3 and local_date < $4
"""


async def change(place: Place, mode: BillingMode, at: datetime) -> None:
    account_id = account_of(place)
    await operations.update(
        company_id=place.company_id,
        account_id=account_id,
        expected_version=await query("select version from account where id = $1", account_id),
        changes={"billing_mode": mode},
        now=at,
    )


async def buy(place: Place, amount: str, at: datetime) -> None:
    await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(amount),
        idempotency_key=f"bought/{at}",
        occurred_at=at,
    )


async def pay(place: Place, amount: str, at: datetime = ENDS_AT + HOUR) -> PaymentId:
    """Pay at a cash desk; an hour after February has ended, unless told otherwise."""
    return await payments.record(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(amount),
        method=PaymentMethod.CASH,
        received_at=at,
        idempotency_key=f"paid/{amount}",
        now=at,
    )


async def settle(place: Place) -> None:
    async with access.tenant(place.company_id) as connection:
        await own_credit.settle(
            connection,
            company_id=place.company_id,
            account_ids=[account_of(place)],
            now=ISSUED_AT,
        )


async def posted(place: Place, since: datetime, until: datetime) -> Decimal:
    """Return what the books have of the local days that begin within a span."""
    days = [(at + 3 * HOUR).date() for at in (since, until)]
    amount = await query(POSTED, place.company_id, account_of(place), *days)
    assert isinstance(amount, Decimal)
    return amount


async def issue(
    place: Place, month: Month = FEBRUARY, *, now: datetime = ISSUED_AT
) -> StoredInvoice:
    invoice_id = await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=month, now=now
    )
    return await invoice_of(place.company_id, invoice_id)


async def invoices(place: Place) -> list[StoredInvoice]:
    ids = await query("select array_agg(id order by id) from invoice where kind = 'MONTHLY'")
    return [await invoice_of(place.company_id, InvoiceId(one)) for one in ids or []]


def spans(invoice: StoredInvoice) -> list[tuple[datetime, datetime]]:
    """Return between which indexes its lines are."""
    metered = [line.metered for line in invoice.lines if line.metered is not None]
    return [(one.first.at, one.last.at) for one in metered if one.first]
