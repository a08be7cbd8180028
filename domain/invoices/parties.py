"""Between whom an invoice is: the company, and the person whose account it is of."""

from datetime import datetime

from db.access import Connection
from db.ids import AccountId, CompanyId
from domain.listing import Record, no_wall
from domain.refusals import NotThere
from domain.subscribers import contacts
from domain.subscribers.contacts import Contact
from domain.subscribers.keyring import Keyring

FACTS = """
    select a.number as account_number, a.subscriber_id, p.name as premises, c.name, c.address,
        c.tax_office, c.tax_number, c.time_zone
    from account a
    join premises p on p.company_id = a.company_id and p.id = a.premises_id
    join company c on c.id = a.company_id
    where a.company_id = $1 and a.id = $2
"""


async def parties(
    connection: Connection,
    *,
    company_id: CompanyId,
    account_id: AccountId,
    keyring: Keyring,
    now: datetime,
) -> tuple[Record, Contact]:
    """Return the facts of an account and its company, and the person's contact.

    That the contact is read is recorded.

    :raises NotThere: there is no such account, or the person has been erased
    """
    facts = await connection.fetchrow(FACTS, company_id, account_id)
    if facts is None:
        raise NotThere
    wall = no_wall(company_id=company_id, now=now)
    found = await contacts.read(connection, keyring, [facts["subscriber_id"]], wall=wall)
    if facts["subscriber_id"] not in found:
        raise NotThere
    return facts, found[facts["subscriber_id"]]
