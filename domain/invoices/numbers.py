"""Numbers of invoices: without gaps in each company, series and year, however many ask at once."""

from db.access import Connection
from db.ids import CompanyId
from domain.invoices.numbering import Numbering

# Whoever takes a number waits here until who took the one before has committed, or gives it back.
TAKE = """
    insert into invoice_counter as c (company_id, series, year, last_number)
    values ($1, $2, $3, $4)
    on conflict (company_id, series, year) do update set last_number = c.last_number + $4
    returning last_number
"""


async def take(
    connection: Connection, *, company_id: CompanyId, numbering: Numbering, count: int = 1
) -> range:
    """Return the next numbers of a series and year, in the caller's transaction.

    Take them last: everybody else who numbers in the series waits for the transaction.
    """
    last = await connection.fetchval(TAKE, company_id, numbering.series, numbering.year, count)
    return range(last - count + 1, last + 1)
