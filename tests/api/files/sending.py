"""Announcing and sending files, and what is kept of them."""

from typing import Any

from httpx import Response

from api.file_tokens import FileTokens
from db import access
from db.ids import CompanyId
from tests.api.web import SECRET, User, Web

CREATE = """
mutation ($input: CreateUploadInput!) {
  createUpload(input: $input) {
    upload { id putUrl expiresAt headers { name value } }
    userErrors { code path message }
  }
}
"""
CONTENT = b"serial;make\n12345678;KLM\n"
LARGE = bytes(range(256)) * 3 * 1024
TOKENS = FileTokens(SECRET)


async def announced(web: Web, user: User, content: bytes = CONTENT, **more: Any) -> dict[str, Any]:
    file = {"fileName": "meters.csv", "mimeType": "text/csv", "size": len(content), **more}
    answer = await web.ask(CREATE, user, input=file)
    upload: dict[str, Any] = answer.data["createUpload"]["upload"]
    return upload


async def files_of(company_id: CompanyId) -> list[dict[str, Any]]:
    async with access.tenant(company_id) as connection:
        rows = await connection.fetch(
            "select f.state, f.sha256, (select string_agg(p.body, '' order by p.number)"
            " from stored_file_part p where p.company_id = f.company_id and p.file_id = f.id)"
            " as body from stored_file f where f.company_id = $1 order by id",
            company_id,
        )
    return [dict(row) for row in rows]


def waiting(body: bytes | None = None) -> dict[str, Any]:
    return {"state": "WAITING", "sha256": None, "body": body}


async def put(web: Web, url: str, content: bytes) -> Response:
    return await web.http.put(url, content=content)
