"""What front ends rely on without asking: how mutations, lists and names look everywhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    TypeDefinitionNode,
    build_schema,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_non_null_type,
    is_object_type,
    lexicographic_sort_schema,
    parse,
    print_type,
)

import api
from api.sdl import sdl

API = Path(api.__file__).parent
SCHEMA = build_schema(sdl())
MUTATIONS: dict[str, GraphQLField] = SCHEMA.mutation_type.fields if SCHEMA.mutation_type else {}
MONEY = re.compile(r"Requires the scope (CREDIT|TOPUPS|PAYMENTS|INVOICES)_\w+\.")
# Of those that have to do with money, what repeating does is told by something else than a key.
REPEATABLE_BY_NATURE = {
    "issueInvoice": "an account has one invoice a month",
    "issueOverdueNotice": "an invoice has one notice",
    "recordCompensationFault": "a metering point has one fault a month",
    "revokeCompensationFault": "a fault that is revoked stands no more",
    "importBankStatement": "a transfer is known by its digest, and an upload is imported once",
    "removeSavedCard": "it is gone",
    "setAutomaticTopUp": "says what is to be, and moves nothing",
}
CHANGES = re.compile("(update|move|deactivate|reactivate)[A-Z]")
OF_ONESELF = {"updateViewer"}
# The request acts in one company, and means that one.
OF_THE_COMPANY = {"updateCompany"}
REMOVAL = re.compile(r"Use `?[\w.]+`?\. Removal on \d{4}-\d\d-\d\d UTC\.")


def input_of(mutation: GraphQLField) -> dict[str, GraphQLInputField]:
    taken = mutation.args.get("input")
    named = None if taken is None else get_named_type(taken.type)
    return named.fields if isinstance(named, GraphQLInputObjectType) else {}


def demands(mutation: GraphQLField, name: str) -> bool:
    field = input_of(mutation).get(name)
    return field is not None and is_non_null_type(field.type)


def connections() -> Iterator[tuple[str, GraphQLField, GraphQLObjectType]]:
    for owner in SCHEMA.type_map.values():
        if isinstance(owner, GraphQLObjectType):
            for name, field in owner.fields.items():
                named = get_named_type(field.type)
                if isinstance(named, GraphQLObjectType) and named.name.endswith("Connection"):
                    yield f"{owner.name}.{name}", field, named


def deprecations() -> Iterator[tuple[str, str]]:
    for owner in SCHEMA.type_map.values():
        if is_object_type(owner) or is_input_object_type(owner):
            members = {**owner.fields}
            for name, field in owner.fields.items():
                for argument, one in getattr(field, "args", {}).items():
                    members[f"{name}({argument}:)"] = one
        elif is_enum_type(owner):
            members = {**owner.values}
        else:
            continue
        for name, member in members.items():
            if member.deprecation_reason is not None:
                yield f"{owner.name}.{name}", member.deprecation_reason


def test_a_mutation_may_fail_alone_and_says_why() -> None:
    for name, mutation in MUTATIONS.items():
        payload = mutation.type

        assert isinstance(payload, GraphQLObjectType), f"{name} must be nullable"
        assert payload.name.endswith("Payload"), name
        assert str(payload.fields["userErrors"].type) == "[UserError!]!", name
        others = {key: str(field.type) for key, field in payload.fields.items()}
        del others["userErrors"]
        assert others, name
        # Whether something was done is known even if it was not.
        assert {kind for kind in others.values() if kind.endswith("!")} <= {"Boolean!"}, name


def test_what_has_to_do_with_money_is_safe_to_repeat() -> None:
    """By the client's name for the wish, or by the version that it has seen."""
    of_money = {
        name for name, mutation in MUTATIONS.items() if MONEY.search(mutation.description or "")
    }

    unsafe = {
        name
        for name in of_money
        if not demands(MUTATIONS[name], "idempotencyKey")
        and not demands(MUTATIONS[name], "expectedVersion")
    }

    assert {"adjustCredit", "startTopUp", "recordPayment", "settleAccount"} <= of_money
    assert unsafe == REPEATABLE_BY_NATURE.keys()


def test_who_changes_an_object_says_which_and_what_version_was_seen() -> None:
    changing = {name for name in MUTATIONS if CHANGES.match(name)} - OF_ONESELF

    blind = {
        name
        for name in changing
        if not demands(MUTATIONS[name], "expectedVersion")
        or (not demands(MUTATIONS[name], "id") and name not in OF_THE_COMPANY)
    }

    assert {"updateMeter", "moveMeter", "deactivateMeter", "reactivateMeter"} <= changing
    assert blind == set()


def test_a_patch_demands_nothing_but_whom_it_is_for() -> None:
    demanded = {
        key
        for name, mutation in MUTATIONS.items()
        if name.startswith("update")
        for key, field in input_of(mutation).items()
        if is_non_null_type(field.type)
    }

    assert demanded == {"id", "expectedVersion"}


def test_every_list_of_objects_is_a_connection_of_one_shape() -> None:
    for where, field, connection in connections():
        paging = {name: str(field.args[name].type) for name in ("first", "last", "after", "before")}
        edges = get_named_type(connection.fields["edges"].type)

        assert paging == {"first": "Int", "last": "Int", "after": "String", "before": "String"}
        assert connection.fields.keys() == {"edges", "nodes", "pageInfo", "totalCount"}, where
        assert isinstance(edges, GraphQLObjectType), where
        assert edges.fields.keys() == {"cursor", "node"}, where
    assert len(list(connections())) > 30


def test_pages_and_selections_are_our_own_work() -> None:
    """The library's pages count by offsets, and its selections grow with every spread."""
    named = [
        f"{file.relative_to(API.parent)}: {name}"
        for file in sorted(API.rglob("*.py"))
        for name in ("ListConnection", "selected_fields")
        if name in file.read_text()
    ]

    assert named == []


def test_members_of_enums_are_in_capitals() -> None:
    small = [
        f"{kind.name}.{name}"
        for kind in SCHEMA.type_map.values()
        if is_enum_type(kind) and not kind.name.startswith("__")
        for name in kind.values
        if not re.fullmatch("[A-Z][A-Z0-9_]*", name)
    ]

    assert small == []


def test_the_schema_is_sorted() -> None:
    """Whatever the order of the code: its changes alone are differences."""
    ordered = lexicographic_sort_schema(SCHEMA)

    written = [
        one.name.value for one in parse(sdl()).definitions if isinstance(one, TypeDefinitionNode)
    ]
    assert written == [name for name in ordered.type_map if name in set(written)]
    for name, kind in SCHEMA.type_map.items():
        assert print_type(kind) == print_type(ordered.type_map[name])


@pytest.mark.parametrize(
    ("reason", "is_said"),
    [
        pytest.param("Use Meter.supply. Removal on 2027-01-01 UTC.", True, id="both"),
        pytest.param("Use `supply`. Removal on 2027-01-01 UTC.", True, id="marked"),
        pytest.param("No longer supported", False, id="the library's own words"),
        pytest.param("Use Meter.supply.", False, id="no date"),
    ],
)
def test_what_goes_says_what_to_use_and_when(reason: str, is_said: bool) -> None:
    unsaid = {where: text for where, text in deprecations() if not REMOVAL.fullmatch(text)}

    assert bool(REMOVAL.fullmatch(reason)) is is_said
    assert unsaid == {}
