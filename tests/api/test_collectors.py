"""What is particular to collectors: the token and the name that they come in by."""

from domain.collectors import operations as gateway
from domain.collectors.operations import KnownCollector, NotIdentified
from tests.api.devices import COLLECTOR, own, parent_of
from tests.api.web import User, Web
from tests.factories import NOW, TOKEN, Place, make_place


async def identified(serial: str, token: str | None) -> KnownCollector | NotIdentified:
    return await gateway.identify(
        flag="WTL", serial=serial, token=token, facts={}, tokenless_allowed=False, now=NOW
    )


async def test_a_new_collector_comes_in_with_the_token_that_is_shown_once(
    web: Web, place: Place, administrator: User
) -> None:
    given = {**parent_of(COLLECTOR, place), **COLLECTOR.create}

    answer = await COLLECTOR.ask(web, administrator, "create", **given)

    token = answer.data["done"]["token"]
    assert isinstance(await identified("new", token), KnownCollector)
    assert await identified("new", "another") is NotIdentified.WRONG_TOKEN


async def test_a_rotated_token_replaces_the_old_one(
    web: Web, place: Place, administrator: User
) -> None:
    answer = await web.ask(
        "mutation ($input: RotateCollectorTokenInput!) { rotateCollectorToken(input: $input) {"
        " collector { serial } token userErrors { code } } }",
        administrator,
        input={"id": own(COLLECTOR, place)["id"]},
    )

    token = answer.data["rotateCollectorToken"]["token"]
    assert isinstance(await identified(place.collector_serial, token), KnownCollector)
    assert await identified(place.collector_serial, TOKEN) is NotIdentified.WRONG_TOKEN


async def test_a_renamed_collector_comes_in_by_its_new_name(
    web: Web, place: Place, administrator: User
) -> None:
    await COLLECTOR.ask(web, administrator, "update", **own(COLLECTOR, place), serial="renamed")

    assert isinstance(await identified("renamed", TOKEN), KnownCollector)
    assert await identified(place.collector_serial, TOKEN) is NotIdentified.UNKNOWN


async def test_a_collector_cannot_take_another_companys_name(
    web: Web, place: Place, administrator: User
) -> None:
    other = await make_place()

    answer = await COLLECTOR.ask(
        web,
        administrator,
        "update",
        **own(COLLECTOR, place),
        serial=other.collector_serial,
    )

    assert answer.data["done"]["userErrors"] == [
        {"code": "ALREADY_EXISTS", "path": ["input", "serial"]}
    ]
    assert isinstance(await identified(other.collector_serial, TOKEN), KnownCollector)
    assert isinstance(await identified(place.collector_serial, TOKEN), KnownCollector)
