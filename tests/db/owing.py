"""An account that paid later, owes two months, and pays beforehand from now on."""

from datetime import timedelta
from decimal import Decimal

import asyncpg

from db.enums import BillingMode, PaymentMethod, TaxPoint
from db.ids import InvoiceId, PaymentId
from db.settings import Urls
from domain.accounts import operations as accounts
from domain.invoices import monthly
from domain.payments import operations as payments
from domain.tariffs import operations as tariffs
from domain.tariffs import proposals
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    MARCH,
    OPENED_AT,
    STARTS_AT,
    add_postpaid,
    make_postpaid,
    measure,
    query,
)
from tests.db.taxed import version
from tests.factories import Place, account_of, make_place, make_register_set

LATER = ENDS_AT + timedelta(days=33)
# Balance, debt, emergency credit used.
STANDING = "select array[balance_micro, debt_micro, emergency_used_micro] from account_balance"
PAID = "select array_agg(paid_micro order by due_date, id) from invoice where kind = 'MONTHLY'"
BOUGHT = "select array_agg(total_micro order by id) from invoice where kind = 'PURCHASE'"
OWED_MICRO = 289_590_000 + 234_570_000


async def make_owing(
    urls: Urls, *, currency: str = "TRY", taxed: bool = False
) -> tuple[Place, InvoiceId, InvoiceId]:
    """Make an account that owes 289.588 for February and 234.568 for March, as coins allow.

    taxed: it owes 155.55 and 126 instead, of which 32.10 and 26 are taxes that fall due as paid.
    """
    place = await (make_taxed() if taxed else make_postpaid())
    owner = await asyncpg.connect(urls.owner)
    await owner.execute("update company set currency = $1", currency)
    await owner.close()
    registers = await make_register_set(place.company_id)
    indexes = {STARTS_AT: 0, ENDS_AT: 123_456, ENDS_AT + timedelta(days=20): 223_456}
    await measure(place, registers, indexes, closed_at=LATER)
    months = [
        await monthly.issue(
            company_id=place.company_id, account_id=account_of(place), month=month, now=LATER
        )
        for month in (FEBRUARY, MARCH)
    ]
    await accounts.update(
        company_id=place.company_id,
        account_id=account_of(place),
        expected_version=await query("select version from account"),
        changes={"billing_mode": BillingMode.PREPAID},
        now=LATER,
    )
    return place, months[0], months[1]


async def make_taxed() -> Place:
    place = await make_place(meters=0, opened_at=OPENED_AT)
    place.tariff_id = await tariffs.create_empty(company_id=place.company_id, name="Taxed")
    version_id = await proposals.propose(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        version=version(TaxPoint.TOP_UP),
        valid_from=OPENED_AT - timedelta(hours=1),
        by=None,
        now=OPENED_AT - timedelta(hours=2),
    )
    await proposals.approve(
        company_id=place.company_id,
        version_id=version_id,
        by=None,
        now=OPENED_AT - timedelta(hours=2),
    )
    await add_postpaid(place)
    return place


async def pay(
    place: Place,
    amount: str,
    method: PaymentMethod = PaymentMethod.CASH,
    *,
    key: str = "one",
    invoice_id: InvoiceId | None = None,
) -> PaymentId:
    return await payments.record(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(amount),
        method=method,
        reference="for Ayşe",
        received_at=LATER,
        idempotency_key=key,
        invoice_id=invoice_id,
        now=LATER,
    )


async def reverse(place: Place, payment_id: PaymentId) -> None:
    await payments.reverse(
        company_id=place.company_id,
        payment_id=payment_id,
        expected_version=await query("select version from payment where id = $1", payment_id),
        reason="a false note",
        now=LATER,
    )
