"""Making, listing, rotating and revoking keys from the command line."""

import json
from collections.abc import AsyncIterator

import pytest

from cli.endings import REFUSED
from cli.surroundings import now
from db import access
from db.enums import Scope
from db.settings import Urls
from domain.documents import operations as documents
from domain.documents.rules import Registration, document_id, hash_of
from domain.identity.rules import Place
from domain.keys import queries
from domain.keys.text import hash_of_secret, read, shown_prefix
from tests.cli.command_line import run
from tests.factories import NOW, make_place
from tests.factories import Place as Surroundings

WHO = "query Who { viewer { name } }"
METERS_READ = ("--scope", "meters:read")


@pytest.fixture
async def place(database: Urls) -> AsyncIterator[Surroundings]:
    await access.connect(database, pool_size=2)
    yield await make_place(meters=0)
    await access.close()


async def test_a_key_is_made_rotated_and_revoked(env: dict[str, str], place: Surroundings) -> None:
    made = run(env, "key", "create", "billing", *METERS_READ, "--expires-in", "90d")
    rotated = run(env, "key", "rotate", "billing", "--overlap", "6h")
    old, new = (read(done.stdout.strip()) for done in (made, rotated))
    assert old is not None
    assert new is not None
    unclear = run(env, "key", "revoke", "billing")
    revoked = run(env, "key", "revoke", shown_prefix(old.key_id))
    listed = run(env, "key", "list", "--json")

    rights = (await queries.rights_of([new.key_id], now=now())).get(new.key_id)
    assert rights is not None
    assert rights.scopes == frozenset({Scope.METERS_READ})
    assert rights.secret_hash == hash_of_secret(new.secret)
    assert (await queries.rights_of([old.key_id], now=now())).get(old.key_id) is None
    assert unclear.returncode == REFUSED
    assert shown_prefix(new.key_id) in unclear.stderr
    assert revoked.stdout == f"{shown_prefix(old.key_id)} is revoked.\n"
    (live,) = json.loads(listed.stdout)
    assert (live["name"], live["scopes"]) == ("billing", ["meters:read"])
    assert new.secret not in listed.stdout
    assert run(env, "key", "list", "--ended").stdout.count("billing") == 2


async def test_a_key_is_confined_as_it_is_told(env: dict[str, str], place: Surroundings) -> None:
    (registered,) = await documents.register(
        company_id=place.company_id,
        partner="console",
        documents=[Registration("Who", WHO, ["Who"], 1)],
        now=NOW,
    )
    options = ("--field", "Mall", "--address", "192.0.2.0/24", "--cost-per-s", "50")
    only = ("--partner", "console", "--document", document_id(hash_of(WHO)))

    made = run(env, "key", "create", "billing", *METERS_READ, *options, *only)

    key = read(made.stdout.strip())
    assert key is not None
    rights = (await queries.rights_of([key.key_id], now=now())).get(key.key_id)
    assert rights is not None
    assert rights.place == Place(field_id=place.field_id)
    assert (rights.partner, rights.document_ids) == ("console", frozenset({registered}))
    assert (rights.cost_max, rights.cost_per_s) == (None, 50)
    assert [str(network) for network in rights.addresses] == ["192.0.2.0/24"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param((*METERS_READ, "--field", "Nowhere"), "no field Nowhere", id="field"),
        pytest.param((*METERS_READ, "--document", "sha256:1"), "no such document", id="document"),
        pytest.param(
            (*METERS_READ, "--address", "here"), "addresses: This is not valid", id="from"
        ),
        pytest.param(
            ("--scope", "platform:write"), "You do not hold all of this yourself", id="scope"
        ),
    ],
)
async def test_a_key_that_may_not_be_is_refused_by_a_sentence(
    env: dict[str, str], place: Surroundings, arguments: tuple[str, ...], sentence: str
) -> None:
    done = run(env, "key", "create", "billing", *arguments)

    assert done.returncode == REFUSED
    assert sentence in done.stderr
    assert done.stdout == ""
    found = await queries.listed(company_id=place.company_id, ended=True, now=NOW)
    assert found == []


def test_a_key_that_is_not_there_is_not_revoked(env: dict[str, str], place: Surroundings) -> None:
    done = run(env, "key", "revoke", "wlk_1")

    assert done.returncode == REFUSED
    assert "There is no live key wlk_1." in done.stderr
