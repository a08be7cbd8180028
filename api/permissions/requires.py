"""Guards, declared on the field that they guard, and printed into schema.graphql."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from inspect import isasyncgen
from typing import TYPE_CHECKING, Any, cast

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.schema_directive import Location
from strawberry.types.field import StrawberryField

from api.caller import Caller
from api.errors import Forbidden, Unauthenticated
from db.enums import Scope

if TYPE_CHECKING:
    from api.context import Info

SCOPE_MEANINGS = {
    Scope.COMPANY_READ: "See the company, its branches, fields, collectors and RF modules.",
    Scope.METERS_READ: "See meters and their supply.",
    Scope.READINGS_READ: "See what meters measured.",
    Scope.NETWORK_READ: "See addresses of devices.",
    Scope.PREMISES_READ: "See premises and their metering points.",
    Scope.ACCOUNTS_READ: "See accounts, without their money.",
    Scope.TARIFFS_READ: "See prices, and for whom they hold.",
    Scope.BALANCES_READ: "See balances and what follows from them.",
    Scope.SUBSCRIBERS_READ: "See who the subscribers are.",
    Scope.SUBSCRIBERS_CONTACT: "See names, addresses and telephone numbers of subscribers.",
    Scope.SUBSCRIBERS_PROTECTION: "See why a subscriber is protected from being cut off.",
    Scope.MESSAGES_READ: "See messages to people and what became of them, not what they said.",
    Scope.FRAMES_READ: "See the bytes that collectors delivered.",
    Scope.COMPANY_WRITE: "Change the company's settings, its branches and fields.",
    Scope.DEVICES_WRITE: "Change collectors, RF modules and meters.",
    Scope.PREMISES_WRITE: "Change premises, metering points and what is mounted there.",
    Scope.ACCOUNTS_WRITE: "Open, change and close accounts.",
    Scope.CREDIT_ADJUST: "Give accounts credit by hand, or take some.",
    Scope.CREDIT_BORROW: "Take the emergency credit that is offered.",
    Scope.CREDIT_APPROVE: "Decide about adjustments of credit that others propose.",
    Scope.TARIFFS_WRITE: "Add tariffs, propose prices and say for whom they hold.",
    Scope.TARIFFS_APPROVE: "Let proposed prices take effect.",
    Scope.INVOICES_READ: "See invoices, credit notes and payments.",
    Scope.INVOICES_WRITE: "Make invoices and credit notes.",
    Scope.PAYMENTS_READ: "See what banks say has come, with what payers wrote.",
    Scope.PAYMENTS_WRITE: "Take payments, undo them, and take in statements of banks.",
    Scope.TOPUPS_READ: "See credit that was bought, and saved cards.",
    Scope.TOPUPS_WRITE: "Buy credit; save and remove one's own cards.",
    Scope.TOPUPS_REFUND: "Give back what was paid for credit.",
    Scope.SUBSCRIBERS_WRITE: "Add and change subscribers.",
    Scope.SUBSCRIBERS_ERASE: "Destroy a subscriber's personal data for good.",
    Scope.IMPORTS_WRITE: "Import the hierarchy from files.",
    Scope.EXPORTS_READ: "Export the hierarchy to files.",
    Scope.USERS_READ: "See users, invitations and roles.",
    Scope.USERS_WRITE: "Invite, change and remove users, and define roles.",
    Scope.KEYS_READ: "See API keys, but never their secrets.",
    Scope.KEYS_WRITE: "Make, rotate and revoke API keys.",
    Scope.DOCUMENTS_READ: "See the registered documents.",
    Scope.DOCUMENTS_WRITE: "Register and retire documents.",
    Scope.AUDIT_READ: "See the daily entries: who did what, and when.",
    Scope.SCHEMA_INTROSPECT: "Ask for the schema itself, in production too.",
    Scope.PLATFORM_WRITE: "Found companies and change what only the platform may.",
}


@strawberry.schema_directive(
    locations=[
        Location.ENUM_VALUE,
        Location.FIELD_DEFINITION,
        Location.INPUT_FIELD_DEFINITION,
    ],
    description="The caller must hold this scope.",
    repeatable=True,
)
class Requires:
    scope: Scope = strawberry.directive_field(name="scope")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], description="The caller must be signed in."
)
class SignedIn:
    pass


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], description="Anybody may ask for this."
)
class Public:
    pass


class Guard(FieldExtension):
    """Lets a field be resolved, or raises; on a subscription, before each event as well."""

    def __init__(
        self, directive: object, sentence: str, check: Callable[[Caller | None], None]
    ) -> None:
        self.directive = directive
        self.sentence = sentence
        self.check = check

    def apply(self, field: StrawberryField) -> None:
        if self.directive not in field.directives:
            field.directives = [*field.directives, self.directive]
            field.description = f"{field.description or ''} {self.sentence}".strip()

    def resolve(
        self, next_: Callable[..., Any], source: Any, info: "Info", **arguments: Any
    ) -> Any:
        self.check(info.context.caller)
        result = next_(source, info, **arguments)
        if isasyncgen(result):
            return self._checked(cast("AsyncGenerator[Any, None]", result), info)
        return result

    # The check waits for nothing: an `await` for each guarded field would cost more than the field.
    resolve_async = resolve

    async def _checked(
        self, events: AsyncGenerator[Any, None], info: "Info"
    ) -> AsyncGenerator[Any, None]:
        async with aclosing(events):
            async for event in events:
                self.check(info.context.caller)
                yield event


def require(scope: Scope, caller: Caller | None) -> None:
    """Return if the caller holds the scope.

    :raises Unauthenticated: there is no caller
    :raises Forbidden: the caller does not hold it
    """
    if caller is None:
        raise Unauthenticated
    if scope not in caller.scopes:
        raise Forbidden


def requires(scope: Scope) -> Guard:
    """Return the guard of a field for callers who hold `scope`."""
    return Guard(
        Requires(scope=scope),
        f"Requires the scope {scope.name}.",
        lambda caller: require(scope, caller),
    )


def signed_in() -> Guard:
    """Return the guard of a field for anybody who is signed in."""
    return Guard(SignedIn(), "Requires a signed-in caller.", _require_caller)


def in_person() -> Guard:
    """Return the guard of a field for users who are signed in; what is theirs is no program's."""
    return Guard(SignedIn(), "Requires a signed-in user, not an API key.", _require_person)


def public() -> Guard:
    """Return the guard of a field that says of it that it has none."""
    return Guard(Public(), "Open to anybody.", lambda _: None)


def _require_caller(caller: Caller | None) -> None:
    if caller is None:
        raise Unauthenticated


def _require_person(caller: Caller | None) -> None:
    _require_caller(caller)
    if caller is not None and caller.key is not None:
        raise Forbidden
