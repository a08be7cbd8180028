"""Raw frames as those see them who may."""

import base64
from datetime import timedelta

import pytest

from api.global_ids import encode
from db import access
from db.enums import Role
from db.ids import FrameId
from domain.frames import operations as frames
from domain.frames.operations import REVIEW_FIRST, IncomingFrame
from tests.api.web import User, Web
from tests.factories import NOW, Place, make_place

FRAMES = """
    query ($range: TimeRangeInput!, $where: RawFrameWhereInput) {
        rawFrames(range: $range, where: $where) { totalCount nodes {
            referenceId status reason receivedAt collector { serial }
            body { base64 size isTruncated } } } }
"""
IN_REVIEW = """
    { reviewFrames { totalCount nodes { referenceId status reason detail
        body { size isTruncated } } } }
"""
DAY = {"from": "2026-03-18T00:00:00Z", "to": "2026-03-19T00:00:00Z"}


def frame(
    place: Place, number: int, *, body: bytes | None = None, waits_for: str | None = None
) -> IncomingFrame:
    return IncomingFrame(
        id=FrameId(number),
        company_id=place.company_id,
        collector_id=place.collector_id,
        received_at=NOW + timedelta(seconds=number),
        function="read",
        reference_id=f"r{number}",
        packet=0,
        digest=bytes(16),
        body=body or f"body {number}".encode(),
        bucket=0,
        waits_for=waits_for,
    )


@pytest.fixture
async def place(web: Web) -> Place:
    """Make a place with a matched frame (1), a pending one (2) and one in review (3)."""
    place = await make_place(meters=0)
    await frames.store(
        [
            frame(place, 1),
            frame(place, 2),
            frame(place, 3, waits_for=REVIEW_FIRST, body=b"x" * 65_537),
        ]
    )
    async with access.system() as connection:
        await frames.settle(connection, [(place.company_id, FrameId(1))], [])
    return place


@pytest.fixture
async def operator(web: Web, place: Place) -> User:
    return await web.user(place.company_id, Role.OPERATOR)


async def test_frames_of_a_time_are_shown_with_what_became_of_them(
    web: Web, place: Place, operator: User
) -> None:
    answer = await web.ask(FRAMES, operator, range=DAY)

    found = answer.data["rawFrames"]
    assert [(one["referenceId"], one["status"], one["reason"]) for one in found["nodes"]] == [
        ("r3", "PENDING", "REVIEW_FIRST"),
        ("r2", "PENDING", None),
        ("r1", "MATCHED", None),
    ]
    assert found["totalCount"] == 3
    assert found["nodes"][2]["collector"] == {"serial": place.collector_serial}
    assert found["nodes"][2]["body"] == {
        "base64": base64.b64encode(b"body 1").decode(),
        "size": 6,
        "isTruncated": False,
    }


async def test_frames_are_found_by_collector_and_status(
    web: Web, place: Place, operator: User
) -> None:
    own = {"collectorId": {"eq": encode("Collector", place.collector_id)}}

    matched = await web.ask(FRAMES, operator, range=DAY, where=own | {"status": {"eq": "MATCHED"}})
    earlier = await web.ask(FRAMES, operator, range=DAY | {"to": NOW.isoformat()}, where=own)

    assert [one["referenceId"] for one in matched.data["rawFrames"]["nodes"]] == ["r1"]
    assert earlier.data["rawFrames"]["totalCount"] == 0


async def test_frames_in_review_say_why(web: Web, operator: User) -> None:
    answer = await web.ask(IN_REVIEW, operator)

    assert answer.data["reviewFrames"] == {
        "totalCount": 1,
        "nodes": [
            {
                "referenceId": "r3",
                "status": "PENDING",
                "reason": "REVIEW_FIRST",
                "detail": "the company, field or collector asks for a look before decoding",
                "body": {"size": 65_537, "isTruncated": True},
            }
        ],
    }


async def test_more_than_two_days_are_refused(web: Web, operator: User) -> None:
    answer = await web.ask(FRAMES, operator, range=DAY | {"to": "2026-03-20T00:00:01Z"})

    assert answer.errors == [("BAD_USER_INPUT", ["rawFrames"])]


async def test_who_may_not_see_frames_sees_none(web: Web, place: Place) -> None:
    subscriber = await web.user(
        place.company_id, Role.SUBSCRIBER, subscriber_id=place.subscriber_id
    )
    stranger = await web.user((await make_place(meters=0)).company_id)

    forbidden = await web.ask(FRAMES, subscriber, range=DAY)
    elsewhere = await web.ask(FRAMES, stranger, range=DAY)

    assert forbidden.errors == [("FORBIDDEN", ["rawFrames"])]
    assert elsewhere.data["rawFrames"] == {"totalCount": 0, "nodes": []}
