"""Taxes that fall due when credit is bought, where a tariff has its tax point there.

The wallet is gross: what is bought is credited as it was paid, and its taxes stand on two sides of
the company's, as due and as paid in advance. Using the credit takes them from the second one, so
that no tax falls due twice. What was lent is taxed when it is repaid.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from db.access import Connection
from db.enums import LedgerAccountKind
from domain.ledger.rules import Line, Posting
from domain.money import major, micro
from domain.tariffs.lines import TaxAmount, taxes_in_top_up
from domain.tariffs.proposals import version_of

BOUGHT = frozenset({LedgerAccountKind.CREDIT, LedgerAccountKind.EMERGENCY_CREDIT})

ANY = """
    select exists (select from tariff_version
        where company_id = $1 and state = 'ACTIVE' and definition ->> 'tax_point' = 'TOP_UP')
"""
VERSION = """
    select v.price_per_kwh, v.definition,
        (select category from account where company_id = $1 and id = $2) as category
    from account_tariffs($1, $2) t
    join tariff_version v on v.company_id = $1 and v.tariff_id = t.tariff_id and v.state = 'ACTIVE'
        and v.valid_from <= $3 and (v.valid_until is null or v.valid_until > $3)
    where t.starts_at <= $3 and (t.ends_at is null or t.ends_at > $3)
        and v.definition ->> 'tax_point' = 'TOP_UP'
"""


async def with_taxes(
    connection: Connection, posting: Posting, *, bought_at: datetime | None = None
) -> Posting:
    """Return a transaction of one account with the taxes of the credit that it buys or takes back.

    bought_at: when what it takes back was bought, for the same taxes; by default, now.
    """
    moved = [line for line in posting.lines if line.side in BOUGHT]
    bought = sum((line.amount for line in moved), Decimal(0))
    if not bought or not await connection.fetchval(ANY, posting.company_id):
        return posting
    at = bought_at or posting.occurred_at
    row = await connection.fetchrow(VERSION, posting.company_id, moved[0].account_id, at)
    if row is None:
        return posting
    taxes = taxes_in_top_up(version_of(row), micro(bought), category=row["category"])
    return replace(posting, lines=[*posting.lines, *_lines(taxes)])


def _lines(taxes: Iterable[TaxAmount]) -> list[Line]:
    lines = []
    for tax in taxes:
        amount = major(tax.amount_micro)
        lines += [
            Line(LedgerAccountKind.TAX, amount, code=tax.name),
            Line(LedgerAccountKind.TAX_IN_ADVANCE, -amount, code=tax.name),
        ]
    return [line for line in lines if line.amount]
