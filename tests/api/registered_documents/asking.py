"""Asking for registered documents, and the answers."""

import hashlib
from typing import Any

from httpx import Response

from tests.api.web import User, Web

WHO = "query Who { viewer { name } }"
SCHEMA = "{ __schema { queryType { name } } }"
NAME = {"viewer": {"name": "Deniz"}}


def apollo(text: str, version: object = 1) -> dict[str, Any]:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return {"extensions": {"persistedQuery": {"version": version, "sha256Hash": sha256}}}


def code(response: Response) -> str:
    return str(response.json()["errors"][0]["extensions"]["code"])


async def get(web: Web, user: User, **parameters: str) -> Response:
    return await web.http.get("/graphql", params=parameters, headers=user.headers)
