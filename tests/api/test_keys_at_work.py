"""What a key is held to besides its rights: its addresses, its budget, and its end."""

from dataclasses import replace
from datetime import timedelta

from db import access
from db.enums import Scope
from domain.keys import operations
from domain.keys.text import KeyText, new_secret, written
from tests.api.documents import id_of, register
from tests.api.key_calls import METERS, code, run
from tests.api.keys import KEY, make_key
from tests.api.sockets import LiveApi
from tests.api.web import Web
from tests.factories import NOW, make_place

LISTEN = "subscription Listen { readingReceived { cursor } }"


async def test_a_key_of_no_use_is_refused_before_anything_else(web: Web) -> None:
    place = await make_place(meters=0)
    await register(place.company_id, METERS)
    key_id, key = await make_key(place.company_id)
    wrong_secret = written(KeyText(key_id, new_secret()))
    _, expired = await make_key(
        place.company_id, replace(KEY, name="b", expires_at=NOW + timedelta(seconds=1))
    )
    revoked_id, revoked = await make_key(place.company_id, replace(KEY, name="c"))
    await operations.revoke(company_id=place.company_id, key_id=revoked_id, now=NOW)
    web.clock.move(timedelta(seconds=1))

    for text in (wrong_secret, expired, revoked, key[:-1], key + "0", "wlk_", "wlk_0_"):
        response = await run(web, text, METERS)

        assert code(response) == "UNAUTHENTICATED", text
        assert "data" not in response.json()
        assert text not in response.text
    assert "data" in (await run(web, key, METERS)).json()


async def test_a_key_is_used_from_its_addresses(web: Web) -> None:
    place = await make_place(meters=0)
    await register(place.company_id, METERS)
    _, here = await make_key(place.company_id, replace(KEY, name="a", addresses=["127.0.0.0/8"]))
    _, away = await make_key(place.company_id, replace(KEY, name="b", addresses=["192.0.2.0/24"]))

    allowed = await run(web, here, METERS)
    refused = await run(web, away, METERS)

    assert "data" in allowed.json()
    assert code(refused) == "FORBIDDEN"
    assert "data" not in refused.json()


async def test_use_of_a_key_is_noted(web: Web) -> None:
    place = await make_place(meters=0)
    await register(place.company_id, METERS)
    key_id, key = await make_key(place.company_id)
    moments = []

    for seconds in (0, 59, 1):
        web.clock.move(timedelta(seconds=seconds))
        await run(web, key, METERS)
        async with access.tenant(place.company_id) as connection:
            moments.append(
                await connection.fetchval("select last_used_at from api_key where id = $1", key_id)
            )

    assert moments == [NOW, NOW, NOW + timedelta(minutes=1)]


async def test_a_key_has_a_budget_of_its_own(web: Web) -> None:
    text = "query Limit { rateLimit { limit restoreRate } }"
    place = await make_place(meters=0)
    await register(place.company_id, text)
    _, narrow = await make_key(
        place.company_id, replace(KEY, name="a", cost_max=1_000, cost_per_s=5)
    )
    _, usual = await make_key(place.company_id, replace(KEY, name="b"))

    limits = [(await run(web, key, text)).json()["data"]["rateLimit"] for key in (narrow, usual)]

    assert limits == [
        {"limit": 1_000, "restoreRate": 5.0},
        {"limit": 20_000, "restoreRate": 500.0},
    ]


async def test_what_one_key_uses_up_is_left_to_others(web: Web) -> None:
    text = "query Dear { meters(first: 99) { nodes { serial } } }"
    place = await make_place(meters=0)
    await register(place.company_id, text)
    narrow = replace(KEY, cost_max=1_000, cost_per_s=1)
    _, greedy = await make_key(place.company_id, replace(narrow, name="a"))
    _, other = await make_key(place.company_id, replace(narrow, name="b"))
    # What finds nothing keeps a tenth of its cost of 100.
    answers = [await run(web, greedy, text) for _ in range(100)]

    mine, others = await run(web, greedy, text), await run(web, other, text)

    assert "data" in answers[0].json()
    assert code(mine) == "RATE_LIMITED"
    assert int(mine.headers["retry-after"]) > 0
    assert others.json()["data"] == {"meters": {"nodes": []}}


async def test_a_revoked_keys_socket_closes(api: LiveApi) -> None:
    place = await make_place(meters=0)
    await register(place.company_id, LISTEN)
    key_id, key = await make_key(
        place.company_id, replace(KEY, scopes=frozenset({Scope.READINGS_READ}))
    )

    async with api.socket() as socket:
        authorization = {"authorization": f"Bearer {key}"}
        await socket.send({"type": "connection_init", "payload": authorization})
        assert await socket.receive() == {"type": "connection_ack"}
        payload = {"documentId": id_of(LISTEN)}
        await socket.send({"type": "subscribe", "id": "1", "payload": payload})
        await operations.revoke(company_id=place.company_id, key_id=key_id, now=NOW)

        assert await socket.close_code() == 4401


async def test_a_socket_does_not_open_for_a_key_of_no_use(api: LiveApi) -> None:
    place = await make_place(meters=0)
    key_id, _ = await make_key(place.company_id)
    away = replace(KEY, name="b", addresses=["192.0.2.0/24"])
    _, used_elsewhere = await make_key(place.company_id, away)
    wrong_secret = written(KeyText(key_id, new_secret()))

    for text, closed in (("wlk_", 4401), (wrong_secret, 4401), (used_elsewhere, 4403)):
        async with api.socket() as socket:
            authorization = {"authorization": f"Bearer {text}"}
            await socket.send({"type": "connection_init", "payload": authorization})

            assert await socket.close_code() == closed
