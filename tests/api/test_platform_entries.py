"""Daily entries of what is of no company: for staff of the platform."""

import pytest

from api.global_ids import encode
from db.enums import Role
from tests.api.web import PASSWORD, Web
from tests.factories import make_place

CHANGE = """
mutation ($input: ChangePasswordInput!) {
  changePassword(input: $input) { changed userErrors { code } }
}
"""
ENTRIES = """
query ($id: ID!) { platformDailyEntries(where: {objectId: {eq: $id}, kind: {eq: UPDATED}}) {
    totalCount nodes { kind objectType userId changes { field before after } }
} }
"""


async def test_what_people_do_to_themselves_is_told_to_staff(web: Web) -> None:
    place = await make_place(meters=0)
    person, staff = await web.user(place.company_id), await web.developer()
    user_id = encode("User", person.id)
    change = {"password": PASSWORD, "newPassword": "another horse battery"}

    changed = await web.ask(CHANGE, person, input=change)
    told = await web.ask(ENTRIES, staff, id=user_id)

    assert changed.data["changePassword"] == {"changed": True, "userErrors": []}
    assert told.data["platformDailyEntries"] == {
        "totalCount": 1,
        "nodes": [
            {
                "kind": "UPDATED",
                "objectType": "User",
                "userId": user_id,
                "changes": [{"field": "password_hash", "before": "*", "after": "*"}],
            }
        ],
    }


async def test_what_happens_in_companies_is_not_told_there(web: Web) -> None:
    place = await make_place(meters=0)
    staff = (await web.developer()).acting_in(encode("Company", place.company_id))

    answer = await web.ask("{ platformDailyEntries { nodes { objectType } } }", staff)

    told = {node["objectType"] for node in answer.data["platformDailyEntries"]["nodes"]}
    assert "User" in told
    assert not told & {"Branch", "Collector", "Company", "Field", "Subscriber"}


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
async def test_nobody_of_a_company_is_told(web: Web, role: Role) -> None:
    place = await make_place(meters=0)
    user = await web.user(place.company_id, role)

    answer = await web.ask("{ platformDailyEntries { totalCount } }", user)

    assert answer.errors == [("FORBIDDEN", ["platformDailyEntries"])]
