"""Sealing the contact data of before it was sealed, which a migration left in the clear."""

from db import access
from db.access import Connection
from db.ids import CompanyId, SubscriberId
from domain.subscribers import contacts
from domain.subscribers.keyring import Keyring

CHUNK = 500

TAKE = """
    delete from plain_contact where (company_id, subscriber_id) in (
        select company_id, subscriber_id from plain_contact
        order by company_id, subscriber_id limit $1 for update skip locked)
    returning company_id, subscriber_id, name, email, phone
"""


async def seal(keyring: Keyring) -> int:
    """Seal all contact data that is still in the clear, and return of how many people.

    Repeatable: what a try has sealed stays sealed, and the next goes on behind it.
    """
    sealed = 0
    while True:
        async with access.system() as connection:
            taken = await _seal_some(connection, keyring)
        if not taken:
            return sealed
        sealed += taken


async def _seal_some(connection: Connection, keyring: Keyring) -> int:
    rows = await connection.fetch(TAKE, CHUNK)
    for row in rows:
        await contacts.save(
            connection,
            keyring,
            company_id=CompanyId(row["company_id"]),
            subscriber_id=SubscriberId(row["subscriber_id"]),
            # Whatever was taken once is kept as it is: nobody asks about it again.
            fields={name: row[name] for name in ("name", "email", "phone")},
        )
    return len(rows)
