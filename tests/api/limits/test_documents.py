"""Each limit of a document accepts what is at it, and refuses what is beyond."""

import pytest
from graphql import get_introspection_query, parse

from api.documents import TEXT_CHARACTERS_MAX
from api.engine import Engine
from api.limits import (
    ALIASES_MAX,
    DEFINITIONS_MAX,
    DEPTH_MAX,
    DIRECTIVES_MAX,
    FIELDS_MAX,
    NESTING_MAX,
    TOKENS_MAX,
)
from api.repeats import PAIRS_MAX
from tests.api.limits.refusing import refusals


def points(depth: int) -> str:
    """Return a query whose deepest field is `depth` deep."""
    return (
        "{ meteringPoints(first: 1) { nodes { "
        + "parent { " * (depth - 3)
        + "id"
        + " }" * (depth - 3)
        + " } } }"
    )


def aliases(count: int) -> str:
    return "{ viewer { " + " ".join(f"a{number}: name" for number in range(count)) + " } }"


def directives(count: int) -> str:
    return "{ viewer { " + " ".join("locale @skip(if: false)" for _ in range(count)) + " } }"


def fields(count: int) -> str:
    """Return a query of so many fields, no more than a few of one name in one place."""
    names = ("name", "locale", "timeZone", "role")
    leaves = [" ".join(names[n % 4] for n in range(one, count - 30, 30)) for one in range(30)]
    return "{ " + " ".join(f"a{n}: viewer {{ {one} }}" for n, one in enumerate(leaves)) + " }"


def definitions(count: int) -> str:
    names = ("name", "locale", "timeZone", "role")
    spreads = " ".join(f"...F{n}" for n in range(count - 1))
    fragments = (f"fragment F{n} on Viewer {{ {names[n % 4]} }}" for n in range(count - 1))
    return f"{{ viewer {{ {spreads} }} }} {' '.join(fragments)}"


def repeats(count: int) -> str:
    return "{ viewer { " + "name " * count + "} }"


# So many fields of one name make as many pairs as are allowed.
REPEATS_MAX = 63
assert REPEATS_MAX * (REPEATS_MAX - 1) // 2 <= PAIRS_MAX < (REPEATS_MAX + 1) * REPEATS_MAX // 2


@pytest.mark.parametrize(
    ("text", "beyond"),
    [
        pytest.param(points(DEPTH_MAX), points(DEPTH_MAX + 1), id="depth"),
        pytest.param(aliases(ALIASES_MAX), aliases(ALIASES_MAX + 1), id="aliases"),
        pytest.param(directives(DIRECTIVES_MAX), directives(DIRECTIVES_MAX + 1), id="directives"),
        pytest.param(fields(FIELDS_MAX), fields(FIELDS_MAX + 1), id="fields"),
        pytest.param(
            definitions(DEFINITIONS_MAX), definitions(DEFINITIONS_MAX + 1), id="definitions"
        ),
        pytest.param(
            "{ viewer { name } }".ljust(TEXT_CHARACTERS_MAX),
            "{ viewer { name } }".ljust(TEXT_CHARACTERS_MAX + 1),
            id="characters",
        ),
        pytest.param(repeats(REPEATS_MAX), repeats(REPEATS_MAX + 1), id="pairs of fields"),
    ],
)
def test_a_document_at_a_limit_is_executed_and_one_beyond_is_not(
    engine: Engine, text: str, beyond: str
) -> None:
    assert refusals(engine, text) == []
    assert refusals(engine, beyond) == ["QUERY_TOO_COMPLEX"]


def tokens(count: int) -> str:
    """Return a query of so many tokens."""

    def text(ids: int) -> str:
        return f"query ($ids: [ID!] = [{' 1' * ids}]) {{ nodes(ids: $ids) {{ id }} }}"

    return text(count - (parse(text(0)).token_count or 0))


def test_a_document_at_the_limit_of_tokens_is_executed_and_one_beyond_is_not(
    engine: Engine,
) -> None:
    assert refusals(engine, tokens(TOKENS_MAX), ids=[]) == []
    assert refusals(engine, tokens(TOKENS_MAX + 1), ids=[]) == ["QUERY_TOO_COMPLEX"]


def test_introspection_is_within_the_limits(engine: Engine) -> None:
    assert refusals(engine, get_introspection_query()) == []


def test_a_fragment_within_itself_is_invalid(engine: Engine) -> None:
    text = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A viewer { name } }"

    assert refusals(engine, text) == ["GRAPHQL_VALIDATION_FAILED"]


def test_a_fragment_that_nobody_uses_counts_too(engine: Engine) -> None:
    unused = " fragment A on Viewer { " + " ".join(f"a{n}: name" for n in range(31)) + " }"

    assert refusals(engine, "{ viewer { name } }" + unused) == ["QUERY_TOO_COMPLEX"]


def test_nesting_is_limited_where_depth_is_not(engine: Engine) -> None:
    inline = NESTING_MAX - 3

    def text(count: int) -> str:
        return "{ viewer {" + "... {" * count + "name" + "}" * (count + 2)

    assert refusals(engine, text(inline // 2)) == []
    assert refusals(engine, text(NESTING_MAX)) == ["QUERY_TOO_COMPLEX"]
