"""What every field of the schema owes its readers: a guard, a description, null if refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    DirectiveNode,
    EnumTypeDefinitionNode,
    EnumValueNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    parse,
)

from api.schema.node import NODES
from api.sdl import sdl
from db.enums import Role, Scope
from domain.identity.roles import OF_THE_PLATFORM, SCOPES

ROOTS = ("Query", "Mutation", "Subscription")
PUBLIC = {
    ("Mutation", "signIn"),
    ("Mutation", "completeSignIn"),
    ("Mutation", "exchangeSignInCode"),
    ("Mutation", "refreshSession"),
    ("Mutation", "acceptInvitation"),
    ("Mutation", "requestPasswordReset"),
    ("Mutation", "resetPassword"),
}
# What one has to be to ask at all; `node` and `nodes` then ask for the scope of each type.
SIGNED_IN = {
    ("Query", "viewer"),
    ("Query", "node"),
    ("Query", "nodes"),
    ("Query", "liveCursor"),
    # Then asks for the scope of each type, as `node` does.
    ("Query", "search"),
    ("Query", "rateLimit"),
    ("Mutation", "signOut"),
    ("Mutation", "endSession"),
    ("Mutation", "endOtherSessions"),
    ("Mutation", "changePassword"),
    ("Mutation", "updateViewer"),
    ("Mutation", "setUpSecondFactor"),
    ("Mutation", "confirmSecondFactor"),
    ("Mutation", "removeSecondFactor"),
}
# The platform's, or a part of changing something.
NOT_FOR_AUDITORS = {
    "companies",
    "importTemplate",
    "platformDailyEntries",
    "previewTariffVersion",
}
MONEY = {
    scope
    for scope in Scope
    if scope.value.startswith(
        ("balances:", "credit:", "invoices:", "payments:", "tariffs:", "topups:")
    )
}

Typed = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode
DOCUMENT = parse(sdl())


def fields() -> Iterator[tuple[str, FieldDefinitionNode]]:
    for definition in DOCUMENT.definitions:
        if isinstance(definition, Typed):
            for field in definition.fields or ():
                yield definition.name.value, field


def guards(field: FieldDefinitionNode) -> list[DirectiveNode]:
    names = {"requires", "signedIn", "public"}
    return [one for one in field.directives or () if one.name.value in names]


def scope_of(guard: DirectiveNode) -> str | None:
    """Return the name of the scope that a guard asks for, if it asks for one."""
    scopes = [argument.value for argument in guard.arguments or ()]
    return next((scope.value for scope in scopes if isinstance(scope, EnumValueNode)), None)


def needed(field: FieldDefinitionNode) -> set[str]:
    """Return the names of all scopes that a field asks for."""
    return {scope for guard in guards(field) if (scope := scope_of(guard)) is not None}


def nodes() -> Iterator[tuple[str, Any]]:
    """Return everything that can have a description, with a name for it."""
    for definition in DOCUMENT.definitions:
        name = getattr(getattr(definition, "name", None), "value", None)
        if name is None or name in ROOTS:
            continue
        yield name, definition
        if isinstance(definition, EnumTypeDefinitionNode):
            yield from ((f"{name}.{one.name.value}", one) for one in definition.values or ())
        if isinstance(definition, InputObjectTypeDefinitionNode):
            yield from ((f"{name}.{one.name.value}", one) for one in definition.fields or ())
    for type_name, field in fields():
        yield f"{type_name}.{field.name.value}", field
        for argument in field.arguments or ():
            yield f"{type_name}.{field.name.value}({argument.name.value}:)", argument


def test_every_root_field_has_one_kind_of_guard() -> None:
    guarded = {
        (name, field.name.value): {guard.name.value for guard in guards(field)}
        for name, field in fields()
        if name in ROOTS
    }

    expected = {
        key: {"public"} if key in PUBLIC else {"signedIn"} if key in SIGNED_IN else {"requires"}
        for key in guarded
    }
    assert guarded == expected
    assert {name for name, _ in guarded} == set(ROOTS)


def test_every_mutation_takes_one_input_or_nothing() -> None:
    arguments = {
        field.name.value: [argument.name.value for argument in field.arguments or ()]
        for name, field in fields()
        if name == "Mutation"
    }

    # Which session is meant, or that it is the others, the request says itself.
    assert {name for name, taken in arguments.items() if taken == []} == {
        "endOtherSessions",
        "signOut",
    }
    assert {name: taken for name, taken in arguments.items() if taken not in ([], ["input"])} == {}


def test_every_guarded_field_may_be_null() -> None:
    strict = [
        f"{name}.{field.name.value}"
        for name, field in fields()
        if guards(field) and isinstance(field.type, NonNullTypeNode) and name != "Subscription"
    ]

    assert strict == []


def test_every_guard_says_so_in_the_description() -> None:
    for name, field in fields():
        for guard in guards(field):
            said = field.description.value if field.description else ""
            scope = scope_of(guard)
            if scope is not None:
                assert f"Requires the scope {scope}." in said, f"{name}.{field.name.value}"


def test_everything_is_described() -> None:
    silent = [name for name, node in nodes() if node.description is None]

    assert silent == []


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("Collector.ipv4", Scope.NETWORK_READ),
        ("Collector.ipv6", Scope.NETWORK_READ),
        ("Collector.port", Scope.NETWORK_READ),
        ("RfModule.ipAddress", Scope.NETWORK_READ),
        ("RfModule.radioAddress", Scope.NETWORK_READ),
        ("Query.rawFrames", Scope.FRAMES_READ),
        ("Query.reviewFrames", Scope.FRAMES_READ),
        ("Query.apiKeys", Scope.KEYS_READ),
        ("Query.dailyEntries", Scope.AUDIT_READ),
        ("Meter.balance", Scope.BALANCES_READ),
        ("Meter.segment", Scope.BALANCES_READ),
        ("Account.balance", Scope.BALANCES_READ),
        ("Account.segment", Scope.BALANCES_READ),
        ("Subscriber.name", Scope.SUBSCRIBERS_CONTACT),
        ("Subscriber.email", Scope.SUBSCRIBERS_CONTACT),
        ("Subscriber.phone", Scope.SUBSCRIBERS_CONTACT),
        ("Subscriber.address", Scope.SUBSCRIBERS_CONTACT),
        ("Subscriber.invoiceAddress", Scope.SUBSCRIBERS_CONTACT),
        ("Subscriber.identityNumber", Scope.SUBSCRIBERS_CONTACT),
        ("Subscriber.language", Scope.SUBSCRIBERS_CONTACT),
        ("Subscriber.protectionProofs", Scope.SUBSCRIBERS_PROTECTION),
        ("Account.warningLimit", Scope.BALANCES_READ),
        ("Meter.registers", Scope.READINGS_READ),
        ("Meter.readings", Scope.READINGS_READ),
        ("Subscription.readingReceived", Scope.READINGS_READ),
        ("Subscription.balanceChanged", Scope.BALANCES_READ),
    ],
)
def test_what_is_delicate_has_its_own_scope(name: str, scope: Scope) -> None:
    found = next(
        field for type_name, field in fields() if f"{type_name}.{field.name.value}" == name
    )

    assert [scope_of(guard) for guard in guards(found)] == [scope.name]


def test_no_field_hands_out_an_account_or_its_money_unguarded() -> None:
    """A type that has its own scope is reached through fields that ask for it, or by its id."""
    for type_name, field in fields():
        named: Any = field.type
        while not hasattr(named, "name"):
            named = named.type
        target = NODES.get(named.name.value.removesuffix("Connection"))
        # What a payload shows, `mutations.current` decides.
        if target is None or type_name.endswith(("Connection", "Edge", "Payload")):
            continue
        scopes = [scope_of(guard) for guard in guards(field)]
        # The platform's own scope is the stricter one.
        allowed = ([target.scope.name], [Scope.PLATFORM_WRITE.name])
        assert scopes in allowed, f"{type_name}.{field.name.value}"


def test_every_role_has_its_scopes_and_a_developer_none_of_money_or_contacts() -> None:
    assert set(SCOPES) == set(Role)
    assert SCOPES[Role.ADMINISTRATOR] == frozenset(Scope) - OF_THE_PLATFORM
    assert not SCOPES[Role.DEVELOPER] & (MONEY | {Scope.SUBSCRIBERS_CONTACT})


def test_an_auditor_reads_all_and_changes_nothing() -> None:
    held = {scope.name for scope in SCOPES[Role.AUDITOR]}
    refused = {
        (root, field.name.value)
        for root, field in fields()
        if root in ROOTS and not needed(field) <= held
    }
    allowed = {
        field.name.value
        for root, field in fields()
        if root == "Mutation" and needed(field) and needed(field) <= held
    }

    assert {name for root, name in refused if root != "Mutation"} == NOT_FOR_AUDITORS
    # What is exported is read, and whoever asked for it may call it off.
    assert allowed == {"startExport", "cancelJob"}
