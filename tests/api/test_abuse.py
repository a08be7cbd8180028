"""What is sent to hurt: refused, and at a cost that is no worse than a request that is served.

Measured is the processor's time of this process, so that a busy machine does no harm.
"""

import json
from collections.abc import Callable
from functools import partial
from time import process_time

import pytest
from graphql import GraphQLError

from api.documents import TEXT_CHARACTERS_MAX, Documents, InvalidDocument
from api.engine import Engine
from api.limits import (
    ALIASES_MAX,
    COST_MAX,
    DEFINITIONS_MAX,
    DEPTH_MAX,
    DIRECTIVES_MAX,
    FIELDS_MAX,
    NESTING_MAX,
    TOKENS_MAX,
    VALUES_MAX,
    VALUES_NESTING_MAX,
)
from api.requests import Request
from api.root import api_schema
from tests.api.web import Web

CPU_S_MAX = 0.05
TRIES = 3
TOO_COMPLEX = {"QUERY_TOO_COMPLEX"}
INVALID = {"GRAPHQL_VALIDATION_FAILED"}
UNPARSABLE = {"GRAPHQL_PARSE_FAILED"}

SCHEMA = api_schema()


def cpu_s(work: Callable[[], object]) -> float:
    """Return the processor's time of the quickest of a few tries."""
    spent = []
    for _ in range(TRIES):
        started = process_time()
        work()
        spent.append(process_time() - started)
    return min(spent)


def refusal_of(text: str) -> set[str]:
    """Return the codes that a document is refused with, by a process that never saw it."""
    try:
        Documents(SCHEMA._schema).get(text)
    except InvalidDocument as invalid:
        return {code_of(error) for error in invalid.errors}
    return set()


def code_of(error: GraphQLError) -> str:
    assert error.extensions is not None
    return str(error.extensions["code"])


def many(count: int, part: Callable[[int], str], between: str = " ") -> str:
    return between.join(part(number) for number in range(count))


def chain(length: int, spread: Callable[[str], str], end: str = "viewer{name}") -> str:
    """Return a query whose fragments each spread the next; `spread` says how."""
    links = many(length, lambda n: f"fragment F{n} on Query{{{spread(f'...F{n + 1}')}}}")
    return f"{{...F0}} {links} fragment F{length} on Query{{{end}}}"


def circle(length: int, spreads: int) -> str:
    """Return fragments that each spread the next few, and the last ones the first."""
    return "{...F0}" + many(
        length,
        lambda n: (
            f"fragment F{n} on Query{{"
            + many(spreads, lambda m: f"...F{(n + m + 1) % length}")
            + "}"
        ),
    )


LIMITS_PLUS_ONE = {
    "characters": "{viewer{name}}".ljust(TEXT_CHARACTERS_MAX + 1),
    "tokens": "{" + "a " * (TOKENS_MAX - 1) + "}",
    "definitions": "query A{viewer{name}}" * (DEFINITIONS_MAX + 1),
    "depth": "{a" * (DEPTH_MAX + 1) + "}" * (DEPTH_MAX + 1),
    "aliases": "{viewer{" + many(ALIASES_MAX + 1, lambda n: f"a{n}:name") + "}}",
    "directives": "{viewer{" + "name@skip(if:false) " * (DIRECTIVES_MAX + 1) + "}}",
    "fields": "{viewer{" + "name " * FIELDS_MAX + "}}",
    "nesting": "{viewer{" + "...{" * NESTING_MAX + "name" + "}" * (NESTING_MAX + 2),
}
BOMBS = {
    "spreads that double": chain(25, lambda next_: f"{next_} {next_}"),
    "spreads that triple": chain(50, lambda next_: f"{next_} {next_} {next_}"),
    "inline fragments that double": chain(50, lambda next_: f"...{{{next_}}} ...{{{next_}}}"),
    "aliases that double": chain(20, lambda next_: f"{next_} a:__typename {next_}"),
    "doubling to what is no field": chain(100, lambda next_: f"{next_} {next_}", "__typename"),
    "a long chain": chain(200, str),
    "every fragment spreads all behind it": "{...F0}"
    + many(27, lambda n: f"fragment F{n} on Query{{{many(27 - n, lambda m: f'...F{n + m + 1}')}}}")
    + "fragment F27 on Query{__typename}",
}
FLOODS = {
    "aliases": "{viewer{" + many(600, lambda n: f"a{n}:name") + "}}",
    "directives on one field": "{viewer{name" + "@skip(if:false)" * 250 + "}}",
    "unknown directives": "{viewer{name" + many(900, lambda n: f"@d{n}") + "}}",
    "the same field": "{viewer{" + "name " * 490 + "}}",
    "the same object": "{" + "viewer{memberships{companyName}} " * 150 + "}",
    "the same field, in fragments": "{"
    + many(90, lambda n: f"...F{n}")
    + "}"
    + many(90, lambda n: f"fragment F{n} on Query{{viewer{{name}}}}"),
    "the same page, each time longer": "{"
    + many(200, lambda n: f"meters(first:{n}){{totalCount}}")
    + "}",
    "nested lists": "{nodes(ids:" + "[" * 900 + "]" * 900 + "){id}}",
    "nested objects": "{nodes(ids:" + "{a:" * 500 + "1" + "}" * 500 + "){id}}",
    "nested selections": "{a" * 900,
    "nested types": "query($a:" + "[" * 900 + "Int" + "]" * 900 + "){viewer{name}}",
    "a giant integer": "{meters(first:" + "9" * 200_000 + "){totalCount}}",
    "a giant float": "{meters(first:1e" + "9" * 200_000 + "){totalCount}}",
    "a giant text": '{node(id:"' + "a" * 200_000 + '"){id}}',
    "a giant block of text": '{node(id:"""' + "\n a" * 60_000 + '"""){id}}',
    "a giant name": "{" + "a" * 200_000 + "}",
    "a giant comment": "#" + "a" * 200_000 + "\n{viewer{name}}",
    "lines": "\n" * 200_000 + "{viewer{name}}",
}
NONSENSE = {
    "a fragment within itself": circle(1, 1),
    "a fragment within itself, often": "{...F}fragment F on Query{" + "...F " * 400 + "}",
    "a circle of fragments": circle(50, 1),
    "fragments within one another": circle(28, 28),
    "unknown fields": "{viewer{" + many(490, lambda n: f"nam{n}e") + "}}",
    "unknown arguments": "{viewer{" + many(300, lambda n: f"name(a{n}:1)") + "}}",
    "unknown types": "{viewer{name}}" + many(90, lambda n: f"fragment F{n} on Meterr{n}{{id}}"),
    "unknown fragments": "{" + many(650, lambda n: f"...F{n}") + "}",
    "unknown directives": "{viewer{" + "name@nothing " * DIRECTIVES_MAX + "}}",
    "unused fragments": "{viewer{name}}" + many(90, lambda n: f"fragment F{n} on Viewer{{name}}"),
    "unused variables": "query(" + many(450, lambda n: f"$v{n}:Int") + "){viewer{name}}",
    "one variable, often": "query(" + "$v:Int " * 450 + "){viewer{name}}",
    "one argument, often": "{meters(" + "first:1 " * 600 + "){totalCount}}",
    "operations without names": "{viewer{name}}" * 100,
    "operations of one name": "query A{viewer{name}}" * 100,
    "subscriptions to two things": many(
        100, lambda n: f"subscription S{n}{{readingReceived{{cursor}} balanceChanged{{cursor}}}}"
    ),
    "types": "type A{" + many(600, lambda n: f"a{n}:Int") + "}",
}
UNFINISHED = {
    "a text": '{node(id:"' + "a" * (TEXT_CHARACTERS_MAX - 20),
    "a selection": "{" * 400,
    "space": " " * (TEXT_CHARACTERS_MAX - 8) + "{viewer",
    "lines": "\n" * (TEXT_CHARACTERS_MAX - 8) + "{viewer",
    "nothing": "",
    "half a character": '{viewer{name(a:"\ud800")}}',
}


SERVED = {
    "as many fields as are allowed": "{"
    + many(30, lambda n: f"a{n}:viewer{{name locale timeZone role name locale}}")
    + "}",
    "as many pairs of fields as are allowed": "{viewer{" + "name " * 63 + "}}",
}


# With all that the way over HTTP costs. The dearest that is allowed may cost 1,000.
SENT = {
    **LIMITS_PLUS_ONE,
    **BOMBS,
    "cost": f"{{nodes(ids:[{'1 ' * (COST_MAX + 1)}]){{id}}}}",
}


@pytest.mark.parametrize(
    ("documents", "codes"),
    [
        pytest.param(LIMITS_PLUS_ONE, TOO_COMPLEX, id="each limit plus one"),
        pytest.param(BOMBS, TOO_COMPLEX, id="fragment bombs"),
        pytest.param(FLOODS, TOO_COMPLEX, id="floods"),
        pytest.param(NONSENSE, INVALID, id="nonsense"),
        pytest.param(UNFINISHED, UNPARSABLE, id="unfinished"),
        pytest.param(SERVED, set(), id="the worst that is served"),
    ],
)
def test_a_hostile_document_is_dealt_with_at_once(
    documents: dict[str, str], codes: set[str]
) -> None:
    refusals = {name: refusal_of(text) for name, text in documents.items()}
    slow = {
        name: spent_s
        for name, text in documents.items()
        if (spent_s := cpu_s(partial(refusal_of, text))) > CPU_S_MAX
    }

    assert refusals == dict.fromkeys(documents, codes)
    assert slow == {}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in SENT.items()])
async def test_a_hostile_request_is_refused_at_once(web: Web, text: str) -> None:
    spent = []
    for _ in range(TRIES):
        started = process_time()
        answer = await web.ask(text)
        spent.append(process_time() - started)

        assert set(answer.codes) == TOO_COMPLEX
        assert "data" not in answer.body

    assert min(spent) < CPU_S_MAX


IDS = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param(["TWV0ZXI6MQ"] * 10_000, id="a huge list of ids"),
        pytest.param(["x"] * (VALUES_MAX + 1), id="one value too many"),
        pytest.param(json.loads("[" * 900 + "]" * 900), id="a list in a list, and so on"),
        pytest.param(
            json.loads("[" * VALUES_NESTING_MAX + "1" + "]" * VALUES_NESTING_MAX),
            id="one list too many in one another",
        ),
        pytest.param([{}] * 50_000, id="empty objects"),
        pytest.param(["a" * 200] * 1_001, id="dearer than is allowed"),
    ],
)
def test_hostile_variables_are_refused_at_once(ids: object) -> None:
    engine: Engine = SCHEMA.engine(production=False)
    request = Request(IDS, {"ids": ids})

    def prepare() -> set[str]:
        try:
            engine.prepare(request)
        except InvalidDocument as invalid:
            return {code_of(error) for error in invalid.errors}
        return set()

    assert prepare() == TOO_COMPLEX
    assert cpu_s(prepare) < CPU_S_MAX
