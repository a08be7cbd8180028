"""Subscribers: adding and changing them, and who they are. How they are forgotten: `erasure`."""

from collections.abc import Mapping

from db import access
from db.access import Connection
from db.ids import CompanyId, SubscriberId
from domain import rows, values
from domain.refusals import NotThere, Refused
from domain.subscribers import contacts
from domain.subscribers.keyring import Keyring

REFERENCE_CHARACTERS_MAX = 50
LOCK = "select erased_at from subscriber where company_id = $1 and id = $2 for no key update"


class SubscriberErased(Refused):
    """The person's data was destroyed, and none is taken any more."""


async def create(
    *,
    company_id: CompanyId,
    reference: str,
    contact: Mapping[str, str | None],
    keyring: Keyring,
) -> SubscriberId:
    """Add a person or firm that can open accounts.

    reference: what the company calls it; it outlives the person's data, so it must not tell who
        that is. contact: fields of `contacts.CHECKS`, as far as they are known.

    :raises AlreadyExists, InvalidValue: nothing was written
    """
    async with access.tenant(company_id) as connection:
        return await add(
            connection,
            company_id=company_id,
            reference=reference,
            contact=contact,
            keyring=keyring,
        )


async def add(
    connection: Connection,
    *,
    company_id: CompanyId,
    reference: str,
    contact: Mapping[str, str | None],
    keyring: Keyring,
) -> SubscriberId:
    """Do what `create` does, in the caller's transaction."""
    fields = contacts.checked(contact)
    subscriber_id = SubscriberId(
        await rows.insert(
            connection, "subscriber", company_id=company_id, reference=_reference(reference)
        )
    )
    await contacts.save(
        connection, keyring, company_id=company_id, subscriber_id=subscriber_id, fields=fields
    )
    return subscriber_id


async def update(
    *,
    company_id: CompanyId,
    subscriber_id: SubscriberId,
    expected_version: int,
    changes: Mapping[str, str],
    contact: Mapping[str, str | None],
    keyring: Keyring,
) -> SubscriberId:
    """Change a subscriber. changes: `reference`, if it is to change.

    contact: the fields that are to change; None takes one away.

    :raises SubscriberErased: a contact is given for somebody whose data was destroyed
    :raises StaleVersion, NotThere, AlreadyExists, InvalidValue: nothing was written
    """
    columns = {name: _reference(text) for name, text in changes.items()}
    fields = contacts.checked(contact)
    async with access.tenant(company_id) as connection:
        # The row first: whoever erases the person meanwhile waits.
        await rows.change(
            connection,
            "subscriber",
            company_id=company_id,
            row_id=subscriber_id,
            expected_version=expected_version,
            changes=columns,
        )
        if fields:
            await hold_present(
                connection, "contact", company_id=company_id, subscriber_id=subscriber_id
            )
            await contacts.save(
                connection,
                keyring,
                company_id=company_id,
                subscriber_id=subscriber_id,
                fields=fields,
            )
    return subscriber_id


async def hold_present(
    connection: Connection, *path: str, company_id: CompanyId, subscriber_id: SubscriberId
) -> None:
    """Keep a person's data from being erased until the transaction ends.

    :raises NotThere: the company has no such subscriber
    :raises SubscriberErased: it has been erased
    """
    row = await connection.fetchrow(LOCK, company_id, subscriber_id)
    if row is None:
        raise NotThere
    if row["erased_at"] is not None:
        raise SubscriberErased(*path)


def _reference(text: str) -> str:
    return values.name(text, "reference", characters_max=REFERENCE_CHARACTERS_MAX)
