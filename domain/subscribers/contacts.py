"""People's data: how to reach subscribers, sealed field by field under a key of each person.

This is the one place where it stands. Reading it leaves a daily entry, and only what is asked for
is opened. `contact_token` finds people by keyed hashes; whoever has the tables but no key learns
from it which subscribers of a company share an e-mail, a number or the beginning of a name, how
many share it, and how long names are; nothing across companies, and no letter.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Self

from asyncpg import Record

from db.access import Connection
from db.ids import CompanyId, SubscriberId
from domain import values
from domain.listing import Wall, fetch
from domain.refusals import InvalidValue
from domain.subscribers import rules
from domain.subscribers.keyring import Keyring, PersonKey

ADDRESS_CHARACTERS_MAX = 500
IDENTITY_CHARACTERS_MAX = 32

KEY = """
    select wrapped_key from person_key where company_id = $1 and subscriber_id = $2 for key share
"""
ADD_KEY = """
    insert into person_key (company_id, subscriber_id, wrapped_key, master_id)
    values ($1, $2, $3, $4) on conflict (company_id, subscriber_id) do nothing
"""
FORGET_TOKENS = """
    delete from contact_token where company_id = $1 and subscriber_id = $2 and kind = any($3)
"""
ADD_TOKENS = """
    insert into contact_token (company_id, kind, token, subscriber_id)
    select $1, kind, token, $2 from unnest($3::text[], $4::bytea[]) as made(kind, token)
"""
# One entry a person and a request, whatever is opened: the fields come with one load.
READ = """
    with found as (
        select subscriber.id, k.wrapped_key, {columns}
        from subscriber
        join person_key k on k.company_id = subscriber.company_id
            and k.subscriber_id = subscriber.id
        join subscriber_contact c on c.company_id = subscriber.company_id
            and c.subscriber_id = subscriber.id
        where subscriber.company_id = {{company}} and {condition}
            and subscriber.id = any({{ids}}::int8[])
    ), told as (select record_read('Subscriber', array(select id from found)))
    select found.* from found, told
"""


def _address(text: str, *path: str) -> str:
    lines = [values.name(line, *path) for line in text.splitlines() if line.strip()]
    joined = "\n".join(lines)
    if not 1 <= len(joined) <= ADDRESS_CHARACTERS_MAX:
        raise InvalidValue(*path, expected=f"1 to {ADDRESS_CHARACTERS_MAX} printable characters")
    return joined


def _checked(holds: Callable[[str], bool], expected: str) -> Callable[..., str]:
    def check(text: str, *path: str) -> str:
        trimmed = text.strip()
        if not holds(trimmed):
            raise InvalidValue(*path, expected=expected)
        return trimmed

    return check


def _identity(text: str, *path: str) -> str:
    return values.name(text, *path, characters_max=IDENTITY_CHARACTERS_MAX)


CHECKS: Mapping[str, Callable[..., str]] = {
    "name": values.name,
    "email": _checked(rules.is_email, "an e-mail address"),
    "phone": _checked(rules.is_phone, "a telephone number such as +90 555 000 00 00"),
    "address": _address,
    "invoice_address": _address,
    "identity_number": _identity,
    "language": _checked(rules.is_language, "a language such as tr or en-GB"),
}
"""The fields of a contact, and what each may be."""


class Contact:
    """A person's data as it is kept; a field is opened when it is asked for."""

    def __init__(self, row: Record, key: PersonKey) -> None:
        self._row = row
        self._key = key

    @classmethod
    def of(cls, row: Record, company_id: CompanyId, keyring: Keyring) -> Self:
        key = keyring.unwrapped(
            row["wrapped_key"], company_id=company_id, subscriber_id=SubscriberId(row["id"])
        )
        return cls(row, key)

    def field(self, name: str) -> str | None:
        sealed: bytes | None = self._row[name]
        return None if sealed is None else self._key.open(sealed, what=name)

    @property
    def invoice_address(self) -> list[str]:
        """The lines of where invoices go: home, unless the person wants them elsewhere."""
        return (self.field("invoice_address") or self.field("address") or "").splitlines()

    def open(self, sealed: bytes, *, what: str) -> str:
        """Return what a field of the person's contact said when it was sealed like this."""
        return self._key.open(sealed, what=what)

    def seal(self, text: str, *, what: str) -> bytes:
        """Return a text that goes the way of the person's data."""
        return self._key.seal(text, what=what)


def checked(given: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return fields of a contact as they are kept; None takes one away.

    :raises InvalidValue: one is not what it should be
    """
    return {
        name: None if text is None else CHECKS[name](text, "contact", name)
        for name, text in given.items()
    }


async def save(
    connection: Connection,
    keyring: Keyring,
    *,
    company_id: CompanyId,
    subscriber_id: SubscriberId,
    fields: Mapping[str, str | None],
) -> None:
    """Keep fields of a contact that were checked, and what they are found by; others stay."""
    key = await key_of(connection, keyring, company_id=company_id, subscriber_id=subscriber_id)
    sealed = {
        name: None if text is None else key.seal(text, what=name) for name, text in fields.items()
    }
    columns = "".join(f", {name}" for name in sealed)
    slots = "".join(f", ${number}" for number, _ in enumerate(sealed, start=3))
    changes = ", ".join(f"{name} = excluded.{name}" for name in sealed)
    await connection.execute(
        f"insert into subscriber_contact (company_id, subscriber_id{columns})"
        f" values ($1, $2{slots}) on conflict (company_id, subscriber_id)"
        + (f" do update set {changes}" if changes else " do nothing"),
        company_id,
        subscriber_id,
        *sealed.values(),
    )
    await _index(connection, keyring, company_id, subscriber_id, fields)


async def key_of(
    connection: Connection, keyring: Keyring, *, company_id: CompanyId, subscriber_id: SubscriberId
) -> PersonKey:
    """Return a person's key, made if there is none yet. The caller has locked the subscriber."""
    wrapped = await connection.fetchval(KEY, company_id, subscriber_id)
    if wrapped is None:
        wrapped = keyring.new_key(company_id=company_id, subscriber_id=subscriber_id)
        await connection.execute(ADD_KEY, company_id, subscriber_id, wrapped, keyring.id)
    return keyring.unwrapped(wrapped, company_id=company_id, subscriber_id=subscriber_id)


async def read(
    connection: Connection, keyring: Keyring, ids: Sequence[int], *, wall: Wall
) -> dict[int, Contact]:
    """Return the contacts of the subscribers among `ids` that the wall lets through, by id.

    Who reads them is recorded, in the same statement. People who were erased have none.
    """
    template = READ.format(
        columns=", ".join(f"c.{name}" for name in CHECKS), condition=wall.condition("subscriber")
    )
    rows = await fetch(connection, template, {**wall.values, "ids": list(ids)})
    company_id = CompanyId(int(str(wall.values["company"])))
    return {row["id"]: Contact.of(row, company_id, keyring) for row in rows}


async def _index(
    connection: Connection,
    keyring: Keyring,
    company_id: CompanyId,
    subscriber_id: SubscriberId,
    fields: Mapping[str, str | None],
) -> None:
    kinds, tokens = [], []
    for name, (kind, keys) in rules.KEYS.items():
        given = fields.get(name)
        for text in sorted(keys(given) if given else ()):
            kinds.append(kind.value)
            tokens.append(keyring.blind(text, company_id=company_id, kind=kind))
    changed = [kind.value for name, (kind, _) in rules.KEYS.items() if name in fields]
    await connection.execute(FORGET_TOKENS, company_id, subscriber_id, changed)
    await connection.execute(ADD_TOKENS, company_id, subscriber_id, kinds, tokens)
