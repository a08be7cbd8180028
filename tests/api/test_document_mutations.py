"""Documents are registered, listed and retired over GraphQL, all or none."""

from datetime import timedelta
from typing import Any

import pytest

from api.documents_registered import FRESH_FOR
from api.global_ids import encode
from api.schema.documents import REGISTERED_AT_ONCE_MAX
from db.enums import Role
from tests.api.documents import id_of, register
from tests.api.web import User, Web
from tests.factories import NOW, make_place

METERS = "query Meters { meters { totalCount } }"
WHO = "query Who { viewer { name } }"
GHOST = "query Ghost { ghost }"
DEAR = "query Dear { meters { nodes { mountings(first: 100) { nodes { id } } } } }"
REGISTER = """
    mutation ($input: RegisterDocumentsInput!) { registerDocuments(input: $input) {
        documents { id name partner documentId operations cost registeredAt retiredAt text }
        userErrors { code path message } } }
"""
RETIRE = """
    mutation ($input: RetireDocumentInput!) { retireDocument(input: $input) {
        document { name retiredAt } userErrors { code } } }
"""
DOCUMENTS = "{ documents { nodes { id name retiredAt } totalCount } }"


async def ask_to_register(web: Web, user: User, *texts: str, **more: Any) -> Any:
    documents = [{"text": text} for text in texts]
    return await web.ask(
        REGISTER, user, input={"partner": "console", "documents": documents, **more}
    )


async def test_documents_are_registered_run_listed_and_retired(web: Web) -> None:
    place = await make_place(meters=2)
    user = await web.user(place.company_id)
    body = {"documentId": id_of(METERS)}

    registered = (await ask_to_register(web, user, METERS, WHO)).data["registerDocuments"]
    ran = await web.post(body, user.headers)
    document = registered["documents"][0]
    retired = await web.ask(RETIRE, user, input={"id": document["id"]})
    web.clock.move(FRESH_FOR)
    refused = await web.post(body, user.headers)
    listed = await web.ask(DOCUMENTS, user)

    assert registered["userErrors"] == []
    assert registered["documents"][0] == {
        "id": document["id"],
        "name": "Meters",
        "partner": "console",
        "documentId": id_of(METERS),
        "operations": ["Meters"],
        "cost": 6,
        "registeredAt": NOW.isoformat(),
        "retiredAt": None,
        "text": METERS,
    }
    assert ran.json()["data"] == {"meters": {"totalCount": 2}}
    assert retired.data["retireDocument"]["document"] == {
        "name": "Meters",
        "retiredAt": NOW.isoformat(),
    }
    assert refused.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert [one["name"] for one in listed.data["documents"]["nodes"]] == ["Meters", "Who"]


async def test_each_document_that_cannot_be_is_named_and_none_is_registered(web: Web) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)

    answer = await ask_to_register(web, user, METERS, GHOST, DEAR, "{", "fragment F on Query { x }")

    payload = answer.data["registerDocuments"]
    assert payload["documents"] is None
    assert [(one["code"], one["path"]) for one in payload["userErrors"]] == [
        ("UNREGISTRABLE", ["input", "documents", number, "text"]) for number in ("1", "2", "3", "4")
    ]
    assert "Cannot query field 'ghost' on type 'Query'." in payload["userErrors"][0]["message"]
    assert (await web.ask(DOCUMENTS, user)).data["documents"]["totalCount"] == 0


@pytest.mark.parametrize(
    ("document", "path"),
    [
        pytest.param({"documentId": id_of(WHO)}, ["documents", "0", "documentId"], id="wrong id"),
        pytest.param({"name": " "}, ["documents", "0", "name"], id="no name"),
        pytest.param({"name": "x" * 201}, ["documents", "0", "name"], id="long name"),
    ],
)
async def test_what_is_said_of_a_document_is_checked(
    web: Web, document: dict[str, str], path: list[str]
) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    documents = [{"text": METERS, **document}]

    answer = await web.ask(REGISTER, user, input={"partner": "console", "documents": documents})

    (error,) = answer.data["registerDocuments"]["userErrors"]
    assert (error["code"], error["path"]) == ("UNREGISTRABLE", ["input", *path])
    assert (await web.ask(DOCUMENTS, user)).data["documents"]["totalCount"] == 0


async def test_a_partner_has_a_name(web: Web) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)

    answer = await ask_to_register(web, user, METERS, partner="")

    (error,) = answer.data["registerDocuments"]["userErrors"]
    assert error["path"] == ["input", "partner"]


async def test_documents_come_in_bounded_lists(web: Web) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)

    none = await ask_to_register(web, user)
    many = await ask_to_register(web, user, *[METERS] * (REGISTERED_AT_ONCE_MAX + 1))

    assert none.codes == many.codes == ["BAD_USER_INPUT"]


async def test_another_companys_document_is_not_found(web: Web) -> None:
    mine, other = await make_place(meters=0), await make_place(meters=0)
    user, owner = await web.user(mine.company_id), await web.user(other.company_id)
    document_id = await register(other.company_id, WHO)
    web.clock.move(timedelta(seconds=1))

    answer = await web.ask(RETIRE, user, input={"id": encode("RegisteredDocument", document_id)})

    assert answer.codes == ["NOT_FOUND"]
    ran = await web.post({"documentId": id_of(WHO)}, owner.headers)
    assert "data" in ran.json()


async def test_whoever_is_confined_registers_and_retires_nothing(web: Web) -> None:
    place = await make_place(meters=0)
    confined = await web.user(place.company_id, field_id=place.field_id)
    document_id = await register(place.company_id, WHO)

    registered = await ask_to_register(web, confined, METERS)
    global_id = encode("RegisteredDocument", document_id)
    retired = await web.ask(RETIRE, confined, input={"id": global_id})

    assert registered.codes == retired.codes == ["FORBIDDEN"]
    found = (await web.ask(DOCUMENTS, confined)).data["documents"]["nodes"]
    assert found == [{"id": global_id, "name": "Who", "retiredAt": None}]


async def test_documents_have_scopes_of_their_own(web: Web) -> None:
    place = await make_place(meters=0)
    operator = await web.user(place.company_id, Role.OPERATOR)
    administrator = await web.user(place.company_id)

    registered = await ask_to_register(web, operator, METERS)
    listed = await web.ask(DOCUMENTS, operator)

    assert registered.errors == [("FORBIDDEN", ["registerDocuments"])]
    assert listed.errors == [("FORBIDDEN", ["documents"])]
    assert (await web.ask(DOCUMENTS, administrator)).data["documents"]["totalCount"] == 0


async def test_documents_are_listed_by_partner(web: Web) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id)
    await ask_to_register(web, user, METERS, WHO)
    await ask_to_register(web, user, WHO, partner="mobile")
    of_partner = """
        query ($partner: String!) {
            documents(where: {partner: {eq: $partner}}) { nodes { name } totalCount }
        }
    """

    answers = [await web.ask(of_partner, user, partner=one) for one in ("console", "mobile", "x")]

    names = [[node["name"] for node in one.data["documents"]["nodes"]] for one in answers]
    assert names == [["Meters", "Who"], ["Who"], []]
