"""`orderBy`: what decides, what is refused, and that a cursor belongs to one order."""

from datetime import timedelta
from typing import Any

import pytest

from api.global_ids import encode
from db import access
from tests.api.web import User, Web
from tests.factories import NOW, Place, make_place

METERS = """
    query ($orderBy: [MeterOrder!], $after: String, $last: Int) {
        meters(orderBy: $orderBy, after: $after, last: $last) {
            nodes { serial } pageInfo { endCursor }
        }
    }
"""
BY_CONFIRMATION = [{"field": "SUPPLY_CONFIRMED_AT", "direction": "DESC"}]


@pytest.fixture(name="confirmed")
async def three_confirmed(web: Web) -> tuple[Place, User]:
    """Make meters of which the first was never confirmed, and the third last."""
    place = await make_place(meters=3)
    async with access.system() as connection:
        for number in (1, 2):
            await connection.execute(
                "update meter set supply_confirmed_at = $2 where id = $1",
                place.supplies[number].meter_id,
                NOW + timedelta(hours=number),
            )
    return place, await web.user(place.company_id)


async def ordered(web: Web, confirmed: tuple[Place, User], **arguments: Any) -> list[int]:
    place, user = confirmed
    serials = [supply.serial for supply in place.supplies]
    nodes = (await web.ask(METERS, user, **arguments)).data["meters"]["nodes"]
    return [serials.index(node["serial"]) for node in nodes]


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        pytest.param([], [0, 1, 2], id="none is the list's own"),
        pytest.param([{"field": "SERIAL"}], [0, 1, 2], id="ascending unless said"),
        pytest.param([{"field": "SERIAL", "direction": "DESC"}], [2, 1, 0], id="descending"),
        pytest.param([{"field": "SUPPLY_CONFIRMED_AT"}], [1, 2, 0], id="nothing comes last"),
        pytest.param(BY_CONFIRMATION, [0, 2, 1], id="nothing comes first when descending"),
        pytest.param(
            [{"field": "ACTIVE"}, {"field": "MAKE"}, {"field": "SERIAL", "direction": "DESC"}],
            [2, 1, 0],
            id="the last decides among equals",
        ),
        pytest.param([{"field": "MAKE"}], [0, 1, 2], id="the id decides among equals"),
    ],
)
async def test_meters_come_in_the_order_that_is_asked_for(
    web: Web, confirmed: tuple[Place, User], order_by: list[dict[str, str]], expected: list[int]
) -> None:
    assert await ordered(web, confirmed, orderBy=order_by) == expected


async def test_an_order_may_be_written_out(web: Web, confirmed: tuple[Place, User]) -> None:
    _, user = confirmed

    answer = await web.ask(
        "{ meters(orderBy: {field: SUPPLY_CONFIRMED_AT, direction: DESC}, first: 1)"
        " { nodes { supplyConfirmedAt } } }",
        user,
    )

    assert answer.data["meters"]["nodes"] == [{"supplyConfirmedAt": None}]


async def test_the_end_of_an_order_comes_in_that_order(
    web: Web, confirmed: tuple[Place, User]
) -> None:
    assert await ordered(web, confirmed, orderBy=BY_CONFIRMATION, last=2) == [2, 1]


async def test_a_cursor_is_good_for_its_own_order_only(
    web: Web, confirmed: tuple[Place, User]
) -> None:
    _, user = confirmed
    answer = await web.ask(METERS, user, orderBy=BY_CONFIRMATION)
    cursor = answer.data["meters"]["pageInfo"]["endCursor"]

    own = await web.ask(METERS, user, orderBy=BY_CONFIRMATION, after=cursor)
    refused = [
        await web.ask(METERS, user, orderBy=order_by, after=cursor)
        for order_by in (
            None,
            [{"field": "SUPPLY_CONFIRMED_AT"}],
            [*BY_CONFIRMATION, {"field": "SERIAL"}],
        )
    ]

    assert own.data["meters"]["nodes"] == []
    assert [answer.errors for answer in refused] == [[("BAD_USER_INPUT", ["meters"])]] * 3
    assert refused[0].body["errors"][0]["extensions"]["argument"] == "after"


@pytest.mark.parametrize(
    "order_by",
    [
        pytest.param(["SERIAL", "MAKE", "ACTIVE", "RELAY"], id="too many"),
        pytest.param(["SERIAL", "SERIAL"], id="one thing twice"),
    ],
)
async def test_an_order_that_says_too_much_is_refused(
    web: Web, confirmed: tuple[Place, User], order_by: list[str]
) -> None:
    _, user = confirmed

    answer = await web.ask(METERS, user, orderBy=[{"field": field} for field in order_by])

    assert answer.errors == [("BAD_USER_INPUT", ["meters"])]
    assert answer.body["errors"][0]["extensions"]["argument"] == "orderBy"


@pytest.mark.parametrize("field", ["BALANCE", "SEGMENT"])
async def test_what_one_must_not_see_one_must_not_order_by(web: Web, field: str) -> None:
    place = await make_place()
    developer = (await web.developer()).acting_in(encode("Company", place.company_id))
    text = f"{{ accounts(orderBy: {{field: {field}}}) {{ nodes {{ id }} }} }}"

    refused = await web.ask(text, developer)
    taken = await web.ask(text, await web.user(place.company_id))

    assert refused.errors == [("FORBIDDEN", ["accounts"])]
    assert len(taken.data["accounts"]["nodes"]) == 1
