"""Registering, listing, retiring and checking documents from the command line."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.endings import REFUSED
from db import access
from db.settings import Urls
from domain.documents import queries
from tests.cli.command_line import run
from tests.factories import Place, make_place

METERS = "query Meters { meters { totalCount } }"
WHO = "query Who { viewer { name } }"
LIMIT = "query Limit { rateLimit { remaining } }"
GHOST = "query Ghost { ghost }"
DEAR = "query Dear { meters { nodes { mountings(first: 100) { nodes { id } } } } }"
OF_CONSOLE = ("--partner", "console")


@pytest.fixture
async def place(database: Urls) -> AsyncIterator[Place]:
    await access.connect(database, pool_size=2)
    yield await make_place(meters=0)
    await access.close()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def written(folder: Path, *texts: str) -> str:
    file = folder / "documents.json"
    file.write_text(json.dumps({sha256(text): text for text in texts}))
    return str(file)


def test_a_manifest_is_imported_listed_and_retired(
    env: dict[str, str], place: Place, tmp_path: Path
) -> None:
    imported = run(env, "documents", "import", written(tmp_path, METERS, WHO), *OF_CONSOLE)
    listed = run(env, "documents", "list", "--json")
    retired = run(env, "documents", "retire", f"sha256:{sha256(WHO)}", *OF_CONSOLE)
    left = run(env, "documents", "list", "--json")
    ever = run(env, "documents", "list", "--retired")

    assert imported.stdout.splitlines() == [
        f"sha256:{sha256(METERS)}     6  Meters",
        f"sha256:{sha256(WHO)}     1  Who",
        "2 registered.",
    ]
    assert [(one["name"], one["partner"]) for one in json.loads(listed.stdout)] == [
        ("Meters", "console"),
        ("Who", "console"),
    ]
    assert retired.stdout == "1 retired.\n"
    assert [one["name"] for one in json.loads(left.stdout)] == ["Meters"]
    assert ever.returncode == 0


def test_a_document_has_one_id_whatever_tool_its_manifest_is_of(
    env: dict[str, str], place: Place, tmp_path: Path
) -> None:
    md5 = hashlib.md5(WHO.encode(), usedforsecurity=False).hexdigest()
    named = {"id": sha256(LIMIT), "name": "Budget", "type": "query", "body": LIMIT}
    apollo = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [named]}
    manifests = {"codegen": {sha256(METERS): METERS}, "relay": {md5: WHO}, "apollo": apollo}

    for name, manifest in manifests.items():
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(manifest))
        done = run(env, "documents", "import", str(file), "--partner", name)
        assert done.returncode == 0, done.stderr

    listed = json.loads(run(env, "documents", "list", "--json").stdout)
    assert {(one["partner"], one["name"], one["documentId"]) for one in listed} == {
        ("codegen", "Meters", f"sha256:{sha256(METERS)}"),
        ("relay", "Who", f"sha256:{sha256(WHO)}"),
        ("apollo", "Budget", f"sha256:{sha256(LIMIT)}"),
    }


async def test_one_wrong_entry_keeps_the_whole_manifest_out_and_each_is_named(
    env: dict[str, str], place: Place, tmp_path: Path
) -> None:
    done = run(env, "documents", "import", written(tmp_path, METERS, GHOST, DEAR, "{"), *OF_CONSOLE)

    assert done.returncode == REFUSED
    assert "3 of 4 documents cannot be registered; none was:" in done.stderr
    assert f"{sha256(GHOST)}: Cannot query field 'ghost' on type 'Query'." in done.stderr
    assert f"{sha256(DEAR)}: The operation's cost is 5101; at most 1000" in done.stderr
    assert f"{sha256('{')}: Syntax Error" in done.stderr
    assert await queries.listed(company_id=place.company_id) == []


async def test_documents_are_registered_from_files_of_their_own(
    env: dict[str, str], place: Place, tmp_path: Path
) -> None:
    file = tmp_path / "all-meters.graphql"
    file.write_text(METERS)

    done = run(env, "documents", "register", str(file), *OF_CONSOLE)

    (document,) = await queries.listed(company_id=place.company_id)
    assert done.returncode == 0
    assert (document.name, document.operations) == ("all-meters", ["Meters"])
    async with access.tenant(place.company_id) as connection:
        entry = await connection.fetchrow(
            "select actor_kind, actor_name from daily_entry"
            " where company_id = $1 and object_type = 'RegisteredDocument'",
            place.company_id,
        )
    assert entry is not None
    assert tuple(entry) == ("COMMAND", "documents register")


async def test_retiring_one_that_is_not_there_retires_none(
    env: dict[str, str], place: Place, tmp_path: Path
) -> None:
    run(env, "documents", "import", written(tmp_path, METERS), *OF_CONSOLE)

    done = run(env, "documents", "retire", sha256(METERS), sha256(WHO), *OF_CONSOLE)

    assert done.returncode == REFUSED
    assert f"console has no such document: sha256:{sha256(WHO)}." in done.stderr
    assert len(await queries.listed(company_id=place.company_id)) == 1


def test_what_a_schema_would_break_is_named_before_it_is_served(
    env: dict[str, str], place: Place, tmp_path: Path
) -> None:
    run(env, "documents", "import", written(tmp_path, METERS, WHO), *OF_CONSOLE)
    schema = tmp_path / "next.graphql"
    schema.write_text("type Query { viewer: Viewer } type Viewer { name: String }")

    today = run(env, "documents", "check")
    tomorrow = run(env, "documents", "check", "--schema", str(schema))
    as_json = run(env, "documents", "check", "--schema", str(schema), "--json")

    assert (today.returncode, today.stdout) == (0, "Every registered document fits.\n")
    assert tomorrow.returncode == as_json.returncode == REFUSED
    reason = "Cannot query field 'meters' on type 'Query'."
    assert f"/ console / Meters (sha256:{sha256(METERS)})\n  {reason}" in tomorrow.stdout
    assert [(one["name"], one["reason"]) for one in json.loads(as_json.stdout)] == [
        ("Meters", reason)
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(("retire", "sha256:12", *OF_CONSOLE), "is no document's id", id="id"),
        pytest.param(("import", "{file}", *OF_CONSOLE), "is no manifest", id="manifest"),
        pytest.param(("check", "--schema", "{file}"), "is no schema", id="schema"),
    ],
)
def test_what_cannot_be_read_is_refused_by_a_sentence(
    env: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    file = tmp_path / "nothing"
    file.write_text("{")

    done = run(env, "documents", *(one.format(file=file) for one in arguments))

    assert done.returncode == REFUSED
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
