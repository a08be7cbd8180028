"""Receipts for credit that was bought, in the transaction that credits them."""

from datetime import datetime
from decimal import Decimal

from db.access import Connection
from db.ids import AccountId, CompanyId
from domain.messages.facts import Money, TopUpReceipt
from domain.messages.payers import payers_of, tell
from domain.money import major
from domain.topups.clearing import Cleared

BALANCE = """
    select balance_micro from account_balance where company_id = $1 and account_id = $2
"""


async def put_receipt(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    currency: str,
    cleared: Cleared,
    reference: str,
    now: datetime,
) -> None:
    """Queue a receipt. cleared: where the payment went, which is in the books already."""
    payers = await payers_of(connection, company_id=company_id, account_ids=[account_id])
    payer = payers[account_id]
    balance_micro = await connection.fetchval(BALANCE, company_id, account_id)

    def money(amount: Decimal) -> Money:
        return Money(amount, currency)

    facts = TopUpReceipt(
        account=payer.account_number,
        amount=money(cleared.amount),
        debt=money(cleared.debt_share + cleared.debt),
        overdrawn=money(cleared.balance),
        emergency_credit=money(cleared.emergency),
        balance=money(major(balance_micro)),
        credited_at=now,
        reference=reference,
    )
    await tell(connection, company_id=company_id, payer=payer, facts=facts, now=now)
