"""Daily entries: who did what, with what the caller may not see left out."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TypeAlias

import orjson
import strawberry

from api.context import Info
from api.global_ids import optional_id
from api.permissions.requires import Guard, Requires
from api.schema.node import NODES, Node
from api.schema.scalars import DateTime
from db.enums import ActorKind, EntryKind, Scope
from domain.audit.queries import DAILY_ENTRIES
from domain.subscribers.contacts import CHECKS, Contact

MASK = "*"
# Objects that GraphQL does not show as such: what one needs to see what they are part of.
SCOPES_OF_PARTS: Mapping[str, Scope] = {
    "AccountPoint": Scope.ACCOUNTS_READ,
    "Allocation": Scope.INVOICES_READ,
    "CollectorIdentity": Scope.COMPANY_READ,
    "CompensationFault": Scope.READINGS_READ,
    "File": Scope.COMPANY_READ,
    "Holiday": Scope.COMPANY_READ,
    "Membership": Scope.USERS_READ,
    "OidcGroupRole": Scope.USERS_READ,
    "OidcIdentity": Scope.USERS_READ,
    "OidcProvider": Scope.USERS_READ,
    "PasswordReset": Scope.USERS_READ,
    "PaymentCustomer": Scope.TOPUPS_READ,
    "PersonKey": Scope.SUBSCRIBERS_READ,
    "PointParent": Scope.PREMISES_READ,
    "RecoveryCode": Scope.USERS_READ,
    "SecondFactor": Scope.USERS_READ,
    "Session": Scope.USERS_READ,
    "TariffAssignmentMember": Scope.TARIFFS_READ,
}
# What columns are called beyond the field that shows them.
SUFFIXES = ("_id", "_micro")
# How JSON of the database begins the bytes of a cipher text.
BYTES = "\\x"
Texts: TypeAlias = dict[str, str | None]
LEFT_OUT = f"`{MASK}` when it is secret, more than you may see, or of a person who was erased."


@strawberry.type(description="One value that changed.")
class Change:
    field: str = strawberry.field(description="Which one, as the database calls it.")
    before: str | None = strawberry.field(description=f"What it was; {LEFT_OUT}")
    after: str | None = strawberry.field(description=f"What it became; {LEFT_OUT}")


@strawberry.type(description="Who did what to which object, when, and from where.")
class DailyEntry(Node, listing=DAILY_ENTRIES, scope=Scope.AUDIT_READ):
    recorded_at: DateTime = strawberry.field(description="When.")
    kind: EntryKind = strawberry.field(description="What was done.")
    object_type: str = strawberry.field(description="To what kind of object.")
    actor_kind: ActorKind = strawberry.field(description="What kind of actor did it.")
    actor_name: str | None = strawberry.field(description="Which job or command.")
    role: str | None = strawberry.field(description="As what a user or a key acted.")
    address: str | None = strawberry.field(description="From which network address.")
    request_id: str | None = strawberry.field(description="In which request, as the logs have it.")
    database_role: str = strawberry.field(description="Through which role of the database.")

    @strawberry.field(
        description="To which object; `node` finds it if it is there still, and of a type that the"
        " schema has."
    )
    def object_id(self) -> strawberry.ID | None:
        return optional_id(self.object_type, self.row["object_id"])

    @strawberry.field(description="Which user did it.")
    def user_id(self) -> strawberry.ID | None:
        return optional_id("User", self.row["user_id"])

    @strawberry.field(description="With which API key.")
    def api_key_id(self) -> strawberry.ID | None:
        return optional_id("ApiKey", self.row["key_id"])

    @strawberry.field(
        description="What changed, by field; all values of what was added or deleted. Who looks at"
        " contact data in them is recorded."
    )
    async def changes(self, info: Info) -> list[Change]:
        scopes = info.context.signed_in.scopes
        before, after = (
            {name: shown(self.object_type, name, value, scopes) for name, value in values.items()}
            for values in (_values(self.row["before"]), _values(self.row["after"]))
        )
        if self.object_type == "Subscriber" and (_has_sealed(before) or _has_sealed(after)):
            contact = await info.context.loaders.contact.load(self.row["object_id"])
            before, after = _opened(before, contact), _opened(after, contact)
        return [
            Change(field=name, before=before.get(name), after=after.get(name))
            for name in sorted({*before, *after})
        ]


def _values(text: str | None) -> dict[str, object]:
    values: dict[str, object] = {} if text is None else orjson.loads(text)
    return values


def shown(object_type: str, name: str, value: object, scopes: frozenset[Scope]) -> str | None:
    """Return a value as a text, or a mask where the object's own field would be refused."""
    if value is None:
        return None
    if not _scopes_of(object_type, name) <= scopes:
        return MASK
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _has_sealed(texts: Texts) -> bool:
    return any(_is_sealed(name, text) for name, text in texts.items())


def _is_sealed(name: str, text: str | None) -> bool:
    return name in CHECKS and text is not None and text.startswith(BYTES)


def _opened(texts: Texts, contact: Contact | None) -> Texts:
    """Return a person's values as they read; without a contact, nobody can read them any more."""
    opened = dict(texts)
    for name, text in texts.items():
        if text is not None and _is_sealed(name, text):
            sealed = bytes.fromhex(text.removeprefix(BYTES))
            opened[name] = MASK if contact is None else contact.open(sealed, what=name)
    return opened


@cache
def _scopes_of(object_type: str, column: str) -> frozenset[Scope]:
    """Return what one needs to see a value of an object: what its own type asks for."""
    kind = NODES.get(object_type)
    if kind is None:
        return frozenset({SCOPES_OF_PARTS[object_type]})
    guards = _guards_of(kind)
    fields = {column, *(column.removesuffix(suffix) for suffix in SUFFIXES)}
    return frozenset({kind.scope}).union(*(guards.get(field, ()) for field in fields))


def _guards_of(kind: type[Node]) -> Mapping[str, frozenset[Scope]]:
    definition = kind.__strawberry_definition__  # type: ignore[attr-defined] # every Node is a type
    return {field.python_name: frozenset(_required(field)) for field in definition.fields}


def _required(field: strawberry.types.field.StrawberryField) -> Iterator[Scope]:
    for extension in field.extensions:
        if isinstance(extension, Guard) and isinstance(extension.directive, Requires):
            yield extension.directive.scope
