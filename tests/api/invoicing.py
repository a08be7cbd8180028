"""A company with an account that pays later and has consumed, and paying for it over GraphQL."""

from typing import Any

from api.global_ids import encode
from tests.api.web import Answer, User, Web
from tests.factories import NOW, Place, account_of

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
