"""Values that are not as usual make of a plan what graphql-core makes of them, errors and all."""

import gc
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from weakref import ref

import orjson
import pytest
from graphql import parse, subscribe

from api.execution.columns import Tally
from api.execution.executor import Execution
from api.execution.plans import Plans, is_conditional
from tests.api.executions import Said, by_graphql_core, by_plans
from tests.api.test_guards import ADMINISTRATOR, STRANGER
from tests.api.things import DOCUMENTS, GOOD, ODD, SCHEMA, Broken, Other, Part, Thing, Things


async def coming(value: object) -> object:
    return value


def used_up(things: list[Thing]) -> Iterator[Thing]:
    yield from things


def odd(changes: dict[str, Any]) -> list[Thing]:
    """Return things of which the middle one is odd."""
    return [GOOD, replace(GOOD, name="odd", **changes), replace(GOOD, name="last")]


async def both(document: str, things: Any, caller: Any = ADMINISTRATOR) -> tuple[Said, Said]:
    """Return what a plan answers, and what is right."""
    planned = await by_plans(SCHEMA, document, Things(caller, things))
    return planned, await by_graphql_core(SCHEMA, document, Things(caller, things))


@pytest.mark.parametrize("changes", ODD.values(), ids=ODD)
async def test_an_odd_value_is_completed_as_graphql_core_does(changes: dict[str, Any]) -> None:
    for document in DOCUMENTS:
        for things in (odd(changes), odd(changes)[1:]):
            planned, right = await both(document, things)

            assert planned == right


def objects_in(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(objects_in, value))
    return 1 + sum(map(objects_in, value.values())) if isinstance(value, dict) else 0


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("caller", [ADMINISTRATOR, STRANGER], ids=["may", "not"])
async def test_the_objects_of_an_answer_are_counted_once(document: str, caller: Any) -> None:
    for things in ([GOOD, replace(GOOD, name="second")], [None, GOOD], []):
        tally = Tally()

        data, errors = await by_plans(SCHEMA, document, Things(caller, things), tally=tally)

        answer = objects_in(orjson.loads(data)) - 1
        assert tally.objects == answer or (errors and tally.objects > answer)


@pytest.mark.parametrize("caller", [ADMINISTRATOR, STRANGER, None], ids=["may", "not", "nobody"])
async def test_guards_refuse_as_graphql_core_does(caller: Any) -> None:
    for document in DOCUMENTS:
        planned, right = await both(document, [GOOD, replace(GOOD, name="second")], caller)

        assert planned == right


@pytest.mark.parametrize(
    "things",
    [
        pytest.param([], id="none"),
        pytest.param(None, id="null"),
        pytest.param([None, GOOD, None], id="with nulls"),
        pytest.param([GOOD, ValueError("told")], id="with an exception"),
        pytest.param([GOOD, Other(name="other")], id="with another type"),
        pytest.param([GOOD, "text"], id="with a text"),
        pytest.param([GOOD, SimpleNamespace(**vars(GOOD))], id="with a lookalike"),
        pytest.param([Broken(name="broken"), GOOD], id="with an attribute that raises"),
        pytest.param((GOOD, GOOD), id="a tuple"),
        pytest.param({"a": GOOD}, id="a dictionary"),
        pytest.param("text", id="a text"),
        pytest.param(12, id="no list"),
    ],
)
async def test_odd_lists_are_completed_as_graphql_core_does(things: Any) -> None:
    for document in DOCUMENTS[:6]:
        planned, right = await both(document, things)

        assert planned == right


async def test_lists_that_are_used_up_by_reading_are_read_once() -> None:
    for document in DOCUMENTS[:6]:
        planned = await by_plans(SCHEMA, document, Things(ADMINISTRATOR, used_up(odd({}))))
        assert planned == await by_graphql_core(
            SCHEMA, document, Things(ADMINISTRATOR, used_up(odd({})))
        )


async def test_attributes_that_are_still_to_come_are_awaited() -> None:
    for document in DOCUMENTS[:3]:
        planned = await by_plans(SCHEMA, document, Things(ADMINISTRATOR, late()))
        assert planned == await by_graphql_core(SCHEMA, document, Things(ADMINISTRATOR, late()))


def late() -> list[Any]:
    attributes: dict[str, Any] = {
        "maybe": coming("late"),
        "zone": coming("UTC"),
        "part": coming(Part(label="late")),
    }
    return [replace(GOOD, **attributes), coming(GOOD)]


async def test_the_same_plans_serve_many_executions() -> None:
    plans = Plans()
    document = parse(DOCUMENTS[2])
    oddities: list[dict[str, Any]] = [{}, {"text": None}, {"parts": []}]
    for changes in oddities:
        for caller in (ADMINISTRATOR, STRANGER):
            context = Things(caller, odd(changes))

            planned = await by_plans(SCHEMA, document, context, plans=plans)

            assert planned == await by_graphql_core(SCHEMA, DOCUMENTS[2], context)


class Watched(Execution):
    """Tells which items of lists are completed one by one."""

    def complete_list_item_value(self, item: Any, *arguments: Any) -> bool:
        self.context_value.one_by_one.append(item)
        return super().complete_list_item_value(item, *arguments)


@pytest.mark.parametrize(
    ("caller", "changes", "one_by_one"),
    [
        pytest.param(ADMINISTRATOR, {}, [], id="plain"),
        pytest.param(ADMINISTRATOR, {"maybe": None, "part": None}, [], id="with nulls"),
        pytest.param(ADMINISTRATOR, {"number": "12"}, ["good", "odd", "last"], id="odd"),
        pytest.param(STRANGER, {}, ["good", "odd", "last"], id="refused"),
    ],
)
async def test_graphql_core_gets_the_items_that_no_plan_completes(
    caller: Any, changes: dict[str, Any], one_by_one: list[str]
) -> None:
    document = "{ things { name maybe number secret part { label } } }"
    context = Things(caller, odd(changes))

    await by_plans(SCHEMA, document, context, executor=Watched)

    assert [thing.name for thing in context.one_by_one] == one_by_one


async def test_an_event_is_completed_by_the_rights_of_its_moment() -> None:
    context = Things(ADMINISTRATOR, odd({}))
    events: Any = subscribe(
        SCHEMA,
        parse("subscription { changed { secret shouted } }"),
        context_value=context,
        executor_class=Execution,
        plans=Plans(),
        tally=Tally(),
    )

    events = await events
    before = await anext(events)
    context.caller = STRANGER
    after = await anext(events)

    assert before.data == {"changed": {"secret": "secret", "shouted": "GOOD"}}
    assert after.data == {"changed": {"secret": None, "shouted": "GOOD"}}
    assert after.errors[0].path == ["changed", "secret"]
    await events.aclose()


class WithItsContexts(Execution):
    """Keeps the contexts of its events."""

    def build_per_event_executor(self, payload: Any) -> Any:
        of_event = super().build_per_event_executor(payload)
        self.context_value.contexts.append(of_event.context_value)
        return of_event


async def test_each_event_has_a_context_of_its_own() -> None:
    context = Things(ADMINISTRATOR)
    events: Any = subscribe(
        SCHEMA,
        parse("subscription { changed { name } }"),
        context_value=context,
        executor_class=WithItsContexts,
        plans=Plans(),
        tally=Tally(),
    )

    events = await events
    await anext(events)
    await anext(events)

    assert len({id(one) for one in (context, *context.contexts)}) == 3
    await events.aclose()


@pytest.mark.parametrize(
    ("text", "conditional"),
    [
        pytest.param("{ things { name } }", False, id="none"),
        pytest.param("{ things { name @skip(if: true) } }", True, id="on a field"),
        pytest.param("{ things { ... @include(if: true) { name } } }", True, id="on a fragment"),
        pytest.param("{ things { ...a @skip(if: true) } } fragment a on Thing { name }", True),
        pytest.param("{ things { ...a } } fragment a on Thing { name @skip(if: true) }", True),
    ],
)
def test_a_document_with_a_directive_is_conditional(text: str, conditional: bool) -> None:
    assert is_conditional(parse(text)) is conditional


async def test_an_execution_without_errors_is_gone_as_soon_as_it_has_ended() -> None:
    begun: list[ref[Execution]] = []

    class Begun(Execution):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            begun.append(ref(self))

    gc.disable()
    try:
        said = await by_plans(SCHEMA, DOCUMENTS[0], Things(ADMINISTRATOR, [GOOD]), executor=Begun)

        assert said[1] == []
        assert [one() for one in begun] == [None]
    finally:
        gc.enable()
