"""Memberships, and changing them."""

from typing import Any

from api.global_ids import encode
from db import access
from db.ids import CompanyId
from tests.api.web import Answer, User, Web

USER = "user { role version active field { name } } userErrors { code path }"
UPDATE = (
    f"mutation ($input: UpdateMembershipInput!) {{ updateMembership(input: $input) {{ {USER} }} }}"
)
SUSPEND = f"mutation ($input: VersionInput!) {{ deactivateMembership(input: $input) {{ {USER} }} }}"
REMOVE = (
    "mutation ($input: VersionInput!)"
    " { removeUser(input: $input) { removedId userErrors { code path } } }"
)


def seen(user: User, version: int = 1) -> dict[str, Any]:
    return {"id": encode("User", user.id), "expectedVersion": version}


async def roles(company_id: CompanyId) -> dict[int, str]:
    async with access.system() as connection:
        rows = await connection.fetch(
            "select user_id, role from membership where company_id = $1 and active", company_id
        )
    return {row["user_id"]: row["role"] for row in rows}


async def change(web: Web, by: User, whom: User, **changes: Any) -> Answer:
    return await web.ask(UPDATE, by, input={**seen(whom), **changes})


def codes(answer: Answer) -> list[str]:
    (payload,) = answer.data.values()
    return [error["code"] for error in payload["userErrors"]]
