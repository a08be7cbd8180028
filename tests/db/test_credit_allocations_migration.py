"""What credit paid before its use was kept is found again when a release comes that keeps it."""

from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest

from db import access
from db.enums import BillingMode
from db.migrate import migrate
from db.settings import Urls
from domain.accounts import operations as accounts
from domain.invoices import bought, credit_notes
from domain.ledger import operations as ledger
from tests.db.invoicing import query
from tests.db.owing import LATER, make_owing
from tests.factories import Place, account_of

BEFORE = "wattledger.m0044_kept_offsets"
SHARES = """
    select array_agg(of || ' ' || amount order by of) from (
        select coalesce(j.kind, 'GIVEN') || ' ' || coalesce(i.month::text, 'WAITS') as of,
            (sum(a.amount_micro) / 10000)::int8 as amount
        from credit_allocation a
        left join journal j on j.company_id = a.company_id and j.id = a.journal_id
        left join invoice i on i.company_id = a.company_id and i.id = a.invoice_id
        group by 1 having sum(a.amount_micro) <> 0
    ) each
"""
LOOK_AGAIN = """
    insert into purchase_due (company_id, journal_id, due_at)
    select company_id, id, occurred_at from journal where kind = 'CASH_TOP_UP' returning journal_id
"""
INVOICES = "select count(*) from invoice"


async def buy(place: Place, amount: str, key: str) -> None:
    await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(amount),
        idempotency_key=key,
        occurred_at=LATER + timedelta(seconds=1),
    )
    await bought.work(now=LATER + timedelta(minutes=1))


async def renew(urls: Urls) -> None:
    """Go back to the release before, and come again."""
    await access.close()
    await migrate(urls.owner, target=BEFORE)
    await migrate(urls.owner)
    await access.connect(urls, pool_size=2)


async def test_what_was_bought_is_found_to_pay_what_it_paid(room: None, database: Urls) -> None:
    place, _, _ = await make_owing(database)
    await buy(place, "300", "less than is owed")
    await buy(place, "600", "more than is left of that")
    before, documents = await query(SHARES), await query(INVOICES)

    await renew(database)

    after = await query(SHARES)
    assert before == ["CASH_TOP_UP 2026-02-01 28959", "CASH_TOP_UP 2026-03-01 23457"]
    assert after == before
    assert await query(LOOK_AGAIN) is not None
    assert await bought.work(now=LATER + timedelta(days=1)) == 2
    assert await query(INVOICES) == documents


async def test_what_who_pays_later_has_bought_is_found_to_wait(room: None, database: Urls) -> None:
    place, _, _ = await make_owing(database)
    await accounts.update(
        company_id=place.company_id,
        account_id=account_of(place),
        expected_version=await query("select version from account"),
        changes={"billing_mode": BillingMode.POSTPAID},
        now=LATER,
    )
    await buy(place, "600", "more than is owed")

    await renew(database)

    assert await query(SHARES) == [
        "CASH_TOP_UP 2026-02-01 28959",
        "CASH_TOP_UP 2026-03-01 23457",
        "CASH_TOP_UP WAITS 7584",
    ]


async def test_what_paid_and_was_not_bought_is_found_to_be_given(
    room: None, database: Urls
) -> None:
    await make_owing(database)
    owner = await asyncpg.connect(database.owner)
    await owner.execute("update invoice set paid_micro = 5000000 where month = '2026-02-01'")
    await owner.close()

    await renew(database)

    assert await query(SHARES) == ["GIVEN 2026-02-01 500"]


async def test_nobody_goes_back_while_a_purchase_has_two_invoices(
    room: None, database: Urls
) -> None:
    place, february, _ = await make_owing(database)
    await buy(place, "600", "more than is owed")
    await credit_notes.credit(
        company_id=place.company_id,
        invoice_id=february,
        reason="the meter was another's",
        idempotency_key="note",
        now=LATER,
    )
    await bought.work(now=LATER)

    with pytest.raises(asyncpg.RaiseError, match="purchases have more invoices"):
        await migrate(database.owner, target=BEFORE)

    await access.connect(database, pool_size=2)
    assert await query("select count(*) from invoice where kind = 'PURCHASE'") == 2
