"""What is generated for front ends is up to date, and says all there is to say."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from graphql import build_schema, parse

from api.contract.errors import CODES, user_error_types
from api.contract.files import generated
from api.errors import Code
from api.schema.node import NODES
from api.sdl import sdl
from db.enums import Role

ROOT = Path(__file__).parents[2]
FILES = generated()
PERMISSIONS: Any = json.loads(FILES[PurePosixPath("frontend-contract/permissions.json")])
ERRORS = FILES[PurePosixPath("frontend-contract/errors.md")]


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path)) for path in FILES])
def test_the_file_is_up_to_date(path: PurePosixPath) -> None:
    assert (ROOT / path).read_text() == FILES[path], "run `make schema`"


def test_every_root_field_and_every_type_with_an_id_is_in_the_matrix() -> None:
    schema = build_schema(sdl())
    roots = [schema.query_type, schema.mutation_type, schema.subscription_type]
    fields = {f"{root}.{name}" for root in roots if root is not None for name in root.fields}

    assert fields <= set(PERMISSIONS["fields"])
    assert set(PERMISSIONS["objects"]) == set(NODES)
    assert set(PERMISSIONS["roles"]) == {role.name for role in Role}


@pytest.mark.parametrize(
    ("field", "scopes", "roles"),
    [
        ("Mutation.createBranch", ["COMPANY_WRITE"], ["ADMINISTRATOR"]),
        (
            "Account.balance",
            ["BALANCES_READ"],
            ["ADMINISTRATOR", "OPERATOR", "AUDITOR", "SUBSCRIBER"],
        ),
        ("Subscriber.phone", ["SUBSCRIBERS_CONTACT"], ["ADMINISTRATOR", "AUDITOR", "SUBSCRIBER"]),
        (
            "Mutation.addProtectionProof",
            ["SUBSCRIBERS_WRITE", "SUBSCRIBERS_PROTECTION"],
            ["ADMINISTRATOR"],
        ),
        ("Query.node", [], [role.name for role in Role]),
    ],
)
def test_the_matrix_names_the_roles_that_hold_the_scopes(
    field: str, scopes: list[str], roles: list[str]
) -> None:
    entry = PERMISSIONS["fields"][field]

    assert (entry["scopes"], entry["roles"]) == (scopes, roles)


def test_the_catalogue_has_every_code_and_every_type_of_user_error() -> None:
    types = {one.name.value for one in user_error_types(parse(sdl()))}

    assert set(CODES) == set(Code)
    assert {name for name in types if f"| `{name}` |" not in ERRORS} == set()
