"""Credit that accounts buy at a cash desk or by a transfer, as they do through a provider.

Where an account pays before it consumes, what is paid clears what is owed and is credit then. An
invoice that is open comes first: it is paid as any other, and the rest buys.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db.access import Connection
from db.ids import CompanyId, JournalId, PaymentId
from domain.invoices import own_credit
from domain.ledger.posting import post
from domain.money import micro
from domain.payments import allocation
from domain.payments.rules import PURCHASES
from domain.payments.taken import Taken
from domain.tariffs.tax_in_advance import with_taxes
from domain.topups.booking import cleared_now
from domain.topups.clearing import Cleared
from domain.topups.receipts import put_receipt

BUYS = "select billing_mode = 'PREPAID' from account where company_id = $1 and id = $2"
CURRENCY = "select currency from company where id = $1"
BOUGHT = """
    select j.id from allocation a
    join journal j on j.company_id = a.company_id and j.id = a.journal_id
    where a.company_id = $1 and a.payment_id = $2 and a.released_at is null
        and j.kind = any($3::text[])
"""


@dataclass(frozen=True, slots=True)
class Bought:
    """What of a payment bought credit, and where that went."""

    journal_id: JournalId
    cleared: Cleared


async def buys(connection: Connection, taken: Taken) -> bool:
    """Whether what is left of a payment buys credit."""
    return bool(await connection.fetchval(BUYS, taken.company_id, taken.account_id))


async def buy(connection: Connection, taken: Taken, amount: Decimal, *, now: datetime) -> Bought:
    """Post what of a payment buys credit. The caller has locked the account's balance."""
    cleared = await cleared_now(
        connection,
        company_id=taken.company_id,
        account_id=taken.account_id,
        received=amount,
        now=now,
    )
    lines = cleared.lines(taken.account_id)
    posting = taken.posting(PURCHASES[taken.method], amount, lines)
    journal_id = await post(connection, await with_taxes(connection, posting), now=now)
    return Bought(journal_id, cleared)


async def finish(
    connection: Connection, taken: Taken, payment_id: PaymentId, bought: Bought, *, now: datetime
) -> None:
    """Say that a payment has bought credit, so that it pays no invoice, and send the receipt.

    What it does pay is allocated already.
    """
    await allocation.give(
        connection,
        company_id=taken.company_id,
        parts=[(payment_id, micro(bought.cleared.amount))],
        journal_id=bought.journal_id,
        now=now,
    )
    # Last, for what it pays of invoices is not owed any more.
    await own_credit.settle(
        connection,
        company_id=taken.company_id,
        account_ids=[taken.account_id],
        bought=bought.journal_id,
        now=now,
    )
    await put_receipt(
        connection,
        company_id=taken.company_id,
        account_id=taken.account_id,
        currency=await connection.fetchval(CURRENCY, taken.company_id),
        cleared=bought.cleared,
        # What somebody wrote with the payment may be of a person.
        reference=str(payment_id),
        now=now,
    )


async def bought_by(
    connection: Connection, *, company_id: CompanyId, payment_id: PaymentId
) -> list[JournalId]:
    """Return what a payment bought, before it is released: one transaction, or none."""
    kinds = list(PURCHASES.values())
    found = await connection.fetch(BOUGHT, company_id, payment_id, kinds)
    return [JournalId(row["id"]) for row in found]
