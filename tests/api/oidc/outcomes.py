"""What came of going to a provider and back."""

from urllib.parse import parse_qs, urlsplit

from httpx import Response

from db import access
from tests.api.openid import exchange
from tests.api.web import User, Web

VIEWER = "{ viewer { email role memberships { companyName } } }"


def answer_of(response: Response) -> dict[str, str]:
    """Return what was appended to where the browser is sent."""
    location = urlsplit(response.headers["location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == (
        "https://app.example.com/signed-in"
    )
    answer = {name: values[0] for name, values in parse_qs(location.query).items()}
    assert answer.pop("nonce") == "mine"
    return answer


async def count(table: str) -> int:
    async with access.system() as connection:
        return int(await connection.fetchval(f"select count(*) from {table}"))


async def as_user(web: Web, administrator: User, response: Response) -> User:
    ended = await exchange(web, answer_of(response)["code"])
    return User(administrator.id, "", ended["tokens"])
