"""Members are told once of devices that fall silent, and again only after a calm time."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from db import access
from db.enums import Role
from domain.companies import settings
from domain.hierarchy import branches, synchronisations
from domain.identity import operations as identity
from domain.identity.passwords import Passwords
from domain.reports.silences import FIRST_HEARD_WITHIN
from tests.factories import NOW, Place, make_place
from tests.mailbox import letters
from workers.jobs import devices

PERIOD = timedelta(seconds=900)
MINUTE = timedelta(minutes=1)
SECRET = "a secret that is long enough for a test"  # noqa: S105


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place()


class Members:
    """Members of a company, who are told of its devices."""

    def __init__(self, place: Place, passwords: Passwords) -> None:
        self._place = place
        self._passwords = passwords

    async def add(self, name: str, role: Role = Role.ADMINISTRATOR, **place: Any) -> None:
        user_id = await identity.create_user(
            email=f"{name}@example.com",
            name=name,
            password="correct horse battery",  # noqa: S106
            passwords=self._passwords,
            now=NOW,
        )
        await identity.add_membership(
            company_id=self._place.company_id, user_id=user_id, role=role, **place
        )


@pytest.fixture
async def members(place: Place, passwords: Passwords) -> Members:
    return Members(place, passwords)


async def execute(query: str, *values: object) -> None:
    async with access.system() as connection:
        await connection.execute(query, *values)


async def collector_heard(place: Place, at: datetime) -> None:
    await execute(
        "update collector set last_contact_at = $2 where company_id = $1", place.company_id, at
    )


async def meters_heard(place: Place, at: datetime) -> None:
    await execute("delete from meter_latest where company_id = $1", place.company_id)
    await execute(
        "insert into meter_latest (company_id, meter_id, register_set_id, ts, batch, values)"
        " select company_id, id, 1, $2, 1, '{1}' from meter where company_id = $1",
        place.company_id,
        at,
    )


async def heard(place: Place, at: datetime) -> None:
    await collector_heard(place, at)
    await meters_heard(place, at)


async def look(now: datetime) -> None:
    await synchronisations.note_silences(now=now)
    await devices.tell_silences(now=now)


async def told() -> list[tuple[str, str, int]]:
    """Return who was told of which devices, and of how many, in this order."""
    async with access.system() as connection:
        rows = await connection.fetch(
            "select u.name, m.facts from message m join app_user u on u.id = m.user_id"
            " where m.kind = 'FAULT_NOTICE' order by m.id"
        )
    facts = [(row["name"], orjson.loads(row["facts"])) for row in rows]
    return [(name, one["device"], one["count"]) for name, one in facts]


async def test_a_silent_collector_is_told_once_and_not_the_modules_behind_it(
    place: Place, members: Members
) -> None:
    await members.add("Deniz")
    await heard(place, NOW - 4 * PERIOD)

    await look(NOW)
    await look(NOW + MINUTE)

    assert await told() == [("Deniz", "COLLECTOR", 1)]


async def test_a_collector_that_was_never_heard_is_told_once_it_could_be_there(
    place: Place, members: Members
) -> None:
    await members.add("Deniz")

    await look(NOW)
    await look(NOW + FIRST_HEARD_WITHIN - MINUTE)
    before = await told()
    await look(NOW + FIRST_HEARD_WITHIN)

    assert before == []
    assert await told() == [("Deniz", "COLLECTOR", 1)]


async def test_a_silent_module_behind_a_collector_that_is_heard_is_told(
    place: Place, members: Members
) -> None:
    await members.add("Deniz")
    await meters_heard(place, NOW - 4 * PERIOD)
    await collector_heard(place, NOW)

    await look(NOW)

    assert await told() == [("Deniz", "RF_MODULE", 1)]


async def test_a_module_that_is_missed_just_before_its_collector_is_not_told(
    place: Place, members: Members
) -> None:
    await members.add("Deniz")
    await meters_heard(place, NOW - 3 * PERIOD - MINUTE)
    await collector_heard(place, NOW - 3 * PERIOD + MINUTE)

    await look(NOW)

    assert await told() == []


async def test_a_device_that_comes_and_goes_is_told_once(place: Place, members: Members) -> None:
    await members.add("Deniz")
    at = NOW
    for _ in range(4):
        await heard(place, at - 4 * PERIOD)
        await look(at)
        await heard(place, at + MINUTE)
        await look(at + MINUTE)
        at += timedelta(hours=1)

    assert await told() == [("Deniz", "COLLECTOR", 1)]


async def test_a_device_that_was_heard_for_long_enough_is_told_again(
    place: Place, members: Members
) -> None:
    await members.add("Deniz")
    await heard(place, NOW - 4 * PERIOD)
    await look(NOW)
    back = NOW + MINUTE
    await heard(place, back)
    await look(back)

    calm = back + timedelta(hours=2)
    await heard(place, calm)
    await look(calm)
    await look(calm + 4 * PERIOD)

    assert await told() == [("Deniz", "COLLECTOR", 1)] * 2


async def test_members_are_told_of_what_they_may_see(place: Place, members: Members) -> None:
    south = await branches.create(company_id=place.company_id, name="South")
    await members.add("Deniz")
    await members.add("Northern", branch_id=place.branch_id)
    await members.add("Southern", branch_id=south)
    await members.add("Mall", field_id=place.field_id)
    await members.add("Operator", Role.OPERATOR)
    await heard(place, NOW - 4 * PERIOD)

    await look(NOW)

    assert [name for name, _, _ in await told()] == ["Deniz", "Northern", "Mall"]


async def test_the_company_says_who_is_told(place: Place, members: Members) -> None:
    await members.add("Deniz")
    await members.add("Operator", Role.OPERATOR)
    await settings.update(
        company_id=place.company_id,
        expected_version=1,
        changes={"fault_notice_roles": [Role.OPERATOR]},
    )
    await heard(place, NOW - 4 * PERIOD)

    await look(NOW)

    assert [name for name, _, _ in await told()] == ["Operator"]


async def test_a_retired_device_is_not_told(place: Place, members: Members) -> None:
    await members.add("Deniz")
    await heard(place, NOW - 4 * PERIOD)
    await synchronisations.note_silences(now=NOW)
    await execute("update collector set active = false where company_id = $1", place.company_id)

    await devices.tell_silences(now=NOW)

    assert await told() == []


async def test_a_notice_can_be_read(place: Place, members: Members) -> None:
    await members.add("Deniz")
    await heard(place, NOW - 4 * PERIOD)
    await look(NOW)

    (letter,) = await letters(SECRET, now=NOW)

    assert letter.to == "Deniz@example.com"
    assert letter.subject == f"Collector {place.collector_serial} (Mall, North) is silent"
    assert "Silent since: 18 March 2026 14:00 (+03)\n" in letter.text
    assert "https://meters.example/devices\n" in letter.text


async def test_who_has_left_gets_nothing(place: Place, members: Members) -> None:
    await members.add("Deniz")
    await heard(place, NOW - 4 * PERIOD)
    await look(NOW)
    await execute("update membership set active = false where company_id = $1", place.company_id)

    assert await letters(SECRET, now=NOW) == []
