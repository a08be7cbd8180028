"""Removing and disabling users: at once, for good where asked, and the audit stays."""

import json
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role
from domain.identity.operations import add_membership
from tests.api.memberships import REMOVE, seen
from tests.api.web import User, Web
from tests.factories import Place, make_place

DISABLE = "mutation ($id: ID!) { disableUser(input: {id: $id}) { enabled userErrors { code } } }"
ENABLE = "mutation ($id: ID!) { enableUser(input: {id: $id}) { enabled userErrors { code } } }"
WHO = "{ viewer { name } }"


@pytest.fixture
async def place(web: Web) -> Place:
    return await make_place(meters=0)


async def user_row(user: User) -> dict[str, Any]:
    async with access.system() as connection:
        row = await connection.fetchrow("select * from app_user where id = $1", user.id)
    assert row is not None
    return dict(row)


async def test_a_removed_user_is_anonymous_and_what_was_done_stays(
    web: Web, place: Place, administrator: User
) -> None:
    leaving = await web.user(place.company_id)
    await web.ask('mutation { createBranch(input: {name: "South"}) { branch { id } } }', leaving)

    answer = await web.ask(REMOVE, administrator, input=seen(leaving))

    assert answer.data["removeUser"]["removedId"] == encode("User", leaving.id)
    row = await user_row(leaving)
    assert (row["email"], row["name"]) == (f"removed-{leaving.id}@removed.invalid", "removed")
    assert (row["password_hash"], row["active"]) == (None, False)
    assert (await web.ask(WHO, leaving)).codes == ["UNAUTHENTICATED"]
    assert (await web.sign_in(leaving.email)).data["signIn"]["tokens"] is None
    async with access.tenant(place.company_id) as connection:
        names = await connection.fetch("select name from branch order by name")
        entries = await connection.fetch("select object_type, kind, before, after from daily_entry")
    assert [one["name"] for one in names] == ["North", "South"]
    kinds = {(one["object_type"], one["kind"]) for one in entries}
    assert {("Branch", "ADDED"), ("Membership", "DELETED"), ("User", "UPDATED")} <= kinds
    assert not [one for one in entries if leaving.email in str(one)]


async def test_no_daily_entry_names_a_user(web: Web, administrator: User) -> None:
    async with access.system() as connection:
        entry = await connection.fetchval(
            "select after from daily_entry where object_type = 'User' and object_id = $1",
            administrator.id,
        )

    shown = json.loads(entry)
    assert (shown["email"], shown["name"], shown["password_hash"]) == ("*", "*", "*")


async def test_a_user_of_two_companies_leaves_one(
    web: Web, place: Place, administrator: User
) -> None:
    other = await make_place(meters=0)
    leaving = await web.user(other.company_id)
    await add_membership(company_id=place.company_id, user_id=leaving.id, role=Role.OPERATOR)
    in_place = leaving.acting_in(encode("Company", place.company_id))

    await web.ask(REMOVE, administrator, input=seen(leaving))

    assert (await user_row(leaving))["email"] == leaving.email
    assert (await web.ask(WHO, leaving)).data == {"viewer": {"name": "Deniz"}}
    assert (await web.ask(WHO, in_place)).codes == ["FORBIDDEN"]


async def test_the_platform_disables_a_user_at_once(
    web: Web, place: Place, administrator: User
) -> None:
    developer = (await web.developer()).acting_in(encode("Company", place.company_id))

    disabled = await web.ask(DISABLE, developer, id=encode("User", administrator.id))
    during = await web.ask(WHO, administrator)
    await web.ask(ENABLE, developer, id=encode("User", administrator.id))

    assert disabled.data == {"disableUser": {"enabled": False, "userErrors": []}}
    assert during.codes == ["UNAUTHENTICATED"]
    assert (await web.ask(WHO, administrator)).codes == ["UNAUTHENTICATED"]
    assert (await web.sign_in(administrator.email)).data["signIn"]["tokens"] is not None


async def test_an_administrator_disables_nobody(
    web: Web, place: Place, administrator: User
) -> None:
    other = await web.user(place.company_id)

    answer = await web.ask(DISABLE, administrator, id=encode("User", other.id))

    assert answer.errors == [("FORBIDDEN", ["disableUser"])]
    assert (await user_row(other))["active"] is True


async def test_users_choose_their_name_and_language(web: Web, administrator: User) -> None:
    changed = await web.ask(
        "mutation ($input: UpdateViewerInput!)"
        " { updateViewer(input: $input) { viewer { name locale } userErrors { code } } }",
        administrator,
        input={"name": "Ada", "locale": "tr"},
    )
    refused = await web.ask(
        'mutation { updateViewer(input: {locale: "xx"}) { userErrors { message } } }',
        administrator,
    )

    assert changed.data["updateViewer"]["viewer"] == {"name": "Ada", "locale": "tr"}
    message = refused.data["updateViewer"]["userErrors"][0]["message"]
    assert message.startswith("Geçersiz değer")


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        pytest.param("tr-TR,tr;q=0.9,en;q=0.8", "tr", id="the best"),
        pytest.param("xx, en;q=0.1, tr;q=0.2", "tr", id="the best that we speak"),
        pytest.param("xx;q=1", "en", id="none that we speak"),
        pytest.param("tr;q=nonsense", "en", id="no number"),
    ],
)
async def test_the_request_may_ask_for_a_language(
    web: Web, administrator: User, header: str, locale: str
) -> None:
    headers = {**administrator.headers, "Accept-Language": header}
    nameless = 'mutation { createBranch(input: {name: " "}) { userErrors { message } } }'

    viewer = (await web.post({"query": "{ viewer { locale } }"}, headers)).json()["data"]
    payload = (await web.post({"query": nameless}, headers)).json()["data"]["createBranch"]

    assert viewer == {"viewer": {"locale": locale}}
    said = {"tr": "Geçersiz değer", "en": "This is not valid"}[locale]
    assert payload["userErrors"][0]["message"].startswith(said)
