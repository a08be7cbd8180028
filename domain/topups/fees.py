"""What providers take for payments, in the books once each. Not here: fees of disputes."""

from datetime import datetime

from db.access import Connection
from db.enums import JournalKind
from db.ids import AccountId, CompanyId
from domain.listing import Record
from domain.money import micro
from domain.topups.booking import Book
from domain.topups.facts import FeeFact
from domain.topups.rules import fee_lines

ADD = """
    insert into top_up_fee (company_id, top_up_id, reference, amount_micro, charged_at)
    values ($1, $2, $3, $4, $5)
    on conflict (company_id, top_up_id, reference) do nothing returning id
"""


async def note_fee(connection: Connection, top_up: Record, fact: FeeFact, now: datetime) -> bool:
    """Book a fee, in the caller's transaction, which has the top-up; return whether it is new."""
    company_id = CompanyId(top_up["company_id"])
    amount_micro = micro(fact.amount)
    fee_id = await connection.fetchval(
        ADD, company_id, top_up["id"], fact.reference, amount_micro, fact.at
    )
    if fee_id is None:
        return False
    account_id = AccountId(top_up["account_id"])
    book = Book(connection, company_id, account_id, f"fee/{fee_id}", 0, now)
    await book.post(JournalKind.PROVIDER_FEE, fee_lines(fact.amount))
    return True
