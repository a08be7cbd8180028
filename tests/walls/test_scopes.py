"""Every guarded field that is read, by each role: who lacks the scope loses that field alone."""

from collections.abc import Iterator

from graphql import GraphQLField, GraphQLObjectType

from api.schema.node import NODES
from tests.api.web import Answer
from tests.walls.conftest import Walled
from tests.walls.people import holds, with_every_role
from tests.walls.requests import SCHEMA, root_fields, scope_of, selection
from tests.walls.values import Values

NODE = "query ($id: ID!) { node(id: $id) { id } }"
READ = [field for field in root_fields("Query") if not field.is_public]


def guarded_fields() -> Iterator[tuple[str, str, GraphQLField]]:
    """Yield the type, the name and the field of everything stricter than its object."""
    for type_name in NODES:
        kind = SCHEMA.type_map[type_name]
        assert isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items():
            if scope_of(field) is not None:
                yield type_name, name, field


def is_refused(answer: Answer, path: list[str], code: str) -> bool:
    """Return whether a field, and nothing but this field, was refused."""
    value = answer.body["data"]
    for name in path:
        value = value[name]
    return answer.errors == [(code, path)] and value is None


async def test_without_the_scope_a_query_is_refused_alone(walled: Walled) -> None:
    home = walled.world.inside

    got_through = {}
    for role, user in (await with_every_role(walled.web, home)).items():
        for field in READ:
            if not holds(role, field.scope):
                # Beside it, what anybody who is signed in may ask for.
                document = field.document(home.id_for(field), home.serial, depth=0)
                answer = await walled.web.ask(document.replace("{", "{ viewer { name }", 1), user)
                alone = answer.body["data"]["viewer"] == {"name": "Deniz"}
                if not (alone and is_refused(answer, [field.name], "FORBIDDEN")):
                    got_through[role, field.name] = answer

    assert got_through == {}


async def test_without_the_scope_of_its_type_no_object_is_shown(walled: Walled) -> None:
    home = walled.world.inside

    got_through = {}
    for role, user in (await with_every_role(walled.web, home)).items():
        for name, kind in NODES.items():
            if not holds(role, kind.scope.name):
                answer = await walled.web.ask(NODE, user, id=home.id_of(name))
                if not is_refused(answer, ["node"], "FORBIDDEN"):
                    got_through[role, name] = answer

    assert got_through == {}


async def test_without_the_scope_a_field_of_an_object_is_refused_alone(walled: Walled) -> None:
    home = walled.world.inside
    values = Values(lambda _: home.id_of("Meter"), home.serial)

    got_through = {}
    for role, user in (await with_every_role(walled.web, home)).items():
        for type_name, name, field in guarded_fields():
            if holds(role, NODES[type_name].scope.name) and not holds(role, scope_of(field)):
                shown = name + values.literals(field.args) + selection(field, values, depth=0)
                document = NODE.replace("id }", f"id ... on {type_name} {{ {shown} }} }}")
                answer = await walled.web.ask(document, user, id=home.id_of(type_name))
                if not is_refused(answer, ["node", name], "FORBIDDEN"):
                    got_through[role, f"{type_name}.{name}"] = answer

    assert got_through == {}


async def test_without_a_caller_every_query_is_refused(walled: Walled) -> None:
    home = walled.world.inside

    got_through = {}
    for field in READ:
        document = field.document(home.id_for(field), home.serial, depth=0)
        answer = await walled.web.ask(document)
        if not is_refused(answer, [field.name], "UNAUTHENTICATED"):
            got_through[field.name] = answer

    assert got_through == {}
