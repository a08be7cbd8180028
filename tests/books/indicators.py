"""What indicators tell of a company's books, and the plain sums that they must equal."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from db import access
from domain.analytics.queries import Bucket, indicators
from domain.analytics.rules import IndicatorGrouping
from domain.listing import Wall
from tests.books.model import ISTANBUL
from tests.books.place import DAYS_AHEAD, START, BooksPlace

Movements = dict[tuple[str, str], tuple[Decimal, int]]
"""What entries come to, and how many they are, by kind and side."""

DAYS = [START.astimezone(ISTANBUL).date() + timedelta(days=n) for n in range(-1, DAYS_AHEAD + 1)]
PLAIN = """
    select j.kind, l.kind as side, sum(e.amount) as amount, count(*) as entries
    from entry e
    join journal j on j.company_id = e.company_id and j.id = e.journal_id
    join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
    where e.company_id = $1 group by 1, 2
"""


async def buckets(books: BooksPlace) -> list[Bucket]:
    """Return the indicators of each day that the books may reach."""
    company_id = books.place.company_id
    wall = Wall(lambda _: "true", {"company": company_id, "now": books.now})
    async with access.reading(company_id) as connection:
        (group,) = await indicators(connection, DAYS, by=IndicatorGrouping.COMPANY, wall=wall)
    return list(group.buckets)


async def told(books: BooksPlace) -> Movements:
    found: Movements = defaultdict(lambda: (Decimal(0), 0))
    for bucket in await buckets(books):
        for one in bucket.movements:
            amount, entries = found[one.kind, one.side]
            found[one.kind, one.side] = (
                amount + one.credited - one.debited,
                entries + one.credits + one.debits,
            )
    return dict(found)


async def plain(books: BooksPlace) -> Movements:
    async with access.system() as connection:
        rows = await connection.fetch(PLAIN, books.place.company_id)
    return {(row["kind"], row["side"]): (row["amount"], row["entries"]) for row in rows}
