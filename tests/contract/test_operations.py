"""The operations that front ends start from are valid, and so are those that we print."""

import re
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from cli.demo import welcome

ROOT = Path(__file__).parents[2]
OPERATIONS = sorted((ROOT / "frontend-contract/operations").glob("*.graphql"))
README = (ROOT / "README.md").read_text()
# In JSON, as curl sends them, and in blocks of their own.
IN_README = [
    *re.findall(r'"query": "((?:mutation|\{)[^"]*)"', README),
    *re.findall(r"```graphql\n(.*?)```", README, re.DOTALL),
]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((ROOT / "schema.graphql").read_text())


@pytest.mark.parametrize("file", OPERATIONS, ids=lambda file: file.stem)
def test_operation_fits_the_schema(schema: GraphQLSchema, file: Path) -> None:
    assert validate(schema, parse(file.read_text())) == []


@pytest.mark.parametrize("text", [welcome.QUERY, welcome.SUBSCRIPTION, welcome.SIGN_IN])
def test_what_the_demo_prints_fits_the_schema(schema: GraphQLSchema, text: str) -> None:
    assert validate(schema, parse(text)) == []


def test_what_the_readme_shows_fits_the_schema(schema: GraphQLSchema) -> None:
    assert len(IN_README) == 3
    for text in IN_README:
        assert validate(schema, parse(text)) == []
