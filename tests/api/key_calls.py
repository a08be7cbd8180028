"""What programs ask for with keys."""

from typing import Any

from httpx import Response

from tests.api.documents import id_of
from tests.api.keys import holder
from tests.api.web import Web

METERS = "query Meters { meters { totalCount } }"
WHO = "query Who { viewer { name role scopes apiKeyId sessionExpiresAt } }"
TWO = {"meters": {"totalCount": 2}}


async def run(web: Web, key: str, text: str, **more: Any) -> Response:
    return await web.post({"documentId": id_of(text), **more}, holder(key).headers)


def code(response: Response) -> str:
    return str(response.json()["errors"][0]["extensions"]["code"])
