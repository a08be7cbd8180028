"""A company with an account that pays later and has consumed, and paying for it over GraphQL."""

from typing import Any

from api.global_ids import encode
from db.ids import InvoiceId
from db.settings import Urls
from domain.invoices import monthly
from tests.api.web import Answer, User, Web
from tests.db.invoicing import (
    ENDS_AT,
    FEBRUARY,
    STARTS_AT,
    account_of,
    make_partitions,
    make_postpaid,
    measure,
)
from tests.factories import NOW, Place, make_register_set

ERRORS = "userErrors { __typename code path }"
PAYMENT = """
  payment {
    id amount { amount } unallocated { amount } method reference state reversalReason version
    allocations { invoiceId amount { amount } } transaction { kind } reversal { kind }
  }
"""
RECORD = f"""
mutation ($input: RecordPaymentInput!) {{
  done: recordPayment(input: $input) {{ {PAYMENT} {ERRORS} }}
}}
"""


async def make_consumed(database: Urls) -> Place:
    """Make an account that consumed 123.456 kWh in February 2026."""
    await make_partitions(database.owner)
    place = await make_postpaid()
    registers = await make_register_set(place.company_id)
    await measure(place, registers, {STARTS_AT: 0, ENDS_AT: 123_456})
    return place


async def invoiced(place: Place) -> InvoiceId:
    """Invoice its February: 289.59."""
    return await monthly.issue(
        company_id=place.company_id, account_id=account_of(place), month=FEBRUARY, now=NOW
    )


def account_id(place: Place) -> str:
    return encode("Account", account_of(place))


async def pay(web: Web, user: User, place: Place, **changes: Any) -> Answer:
    given = {
        "accountId": account_id(place),
        "amount": "100.000000",
        "method": "CASH",
        "reference": "receipt 7",
        "receivedAt": NOW.isoformat(),
        "idempotencyKey": "one",
        **changes,
    }
    return await web.ask(RECORD, user, input=given)
