"""Subscribers as a table. What is kept of people is sealed: opening it is recorded."""

from db.access import Connection
from db.enums import Scope
from db.ids import CompanyId, SubscriberId
from domain.bulk.kind import Change, Column, Creation, Kind, Opened
from domain.listing import Wall
from domain.subscribers import contacts, operations
from domain.subscribers.keyring import Keyring

# What the view lets through has been found already.
NO_FURTHER_WALL = "true"


async def _create(connection: Connection, new: Creation) -> int:
    contact = {name: value for name, value in new.values.items() if name in contacts.CHECKS}
    return await operations.add(
        connection,
        company_id=new.company_id,
        reference=new.values["reference"],
        contact=contact,
        keyring=new.keyring,
    )


async def _change(connection: Connection, change: Change) -> None:
    # A transaction within the caller's.
    await operations.update(
        company_id=change.company_id,
        subscriber_id=SubscriberId(change.row_id),
        expected_version=change.version,
        changes={},
        contact=change.changes,
        keyring=change.keyring,
    )


async def _opened(
    connection: Connection, company_id: CompanyId, keyring: Keyring, ids: list[int]
) -> Opened:
    wall = Wall(lambda _: NO_FURTHER_WALL, {"company": company_id})
    found = await contacts.read(connection, keyring, ids, wall=wall)
    return {
        row_id: {name: contact.field(name) for name in contacts.CHECKS}
        for row_id, contact in found.items()
    }


def _contact(name: str, meaning: str, example: str) -> Column:
    return Column(
        name=name,
        meaning=meaning,
        example=example,
        check=contacts.CHECKS[name],
        clearable=True,
        scope=Scope.SUBSCRIBERS_CONTACT,
    )


SUBSCRIBERS = Kind(
    name="subscribers",
    columns=(
        Column(
            name="reference",
            meaning="What the company calls it; no other has it, and it must not tell who that is.",
            example="S-1042",
            required=True,
        ),
        _contact("name", "The person's or the firm's name.", "Ayşe Işık"),
        _contact("email", "Where to write to.", "ayse@example.com"),
        _contact("phone", "Where to call.", "+90 555 000 00 00"),
        _contact("address", "Where it is.", "Atatürk Cad. 1, İzmir"),
        _contact("invoice_address", "Where invoices go, if elsewhere.", "PK 1, İzmir"),
        _contact("identity_number", "Of the person, or the firm's tax number.", "10000000146"),
        _contact("language", "In which it is written to.", "tr"),
    ),
    key=("reference",),
    sealed=tuple(contacts.CHECKS),
    opened=_opened,
    source="""
        select s.id, s.version, s.erased_at is null as active, s.reference
        from subscriber s where s.company_id = {company}""",
    wall="""exists (
        select from account wa
        join premises wp on wp.company_id = wa.company_id and wp.id = wa.premises_id
        where wa.company_id = s.company_id and wa.subscriber_id = s.id
            and wp.field_id in ({fields}))""",
    reads=Scope.SUBSCRIBERS_READ,
    writes=Scope.SUBSCRIBERS_WRITE,
    create=_create,
    change=_change,
)
