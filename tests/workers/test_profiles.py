"""Load profiles in real frames: decoded, matched, stored once, and charged by."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import pytest

from collectors.protocols.iec62056_21.build import build_readout, profile_set
from collectors.protocols.iec62056_21.clock import MeterClock
from collectors.protocols.iec62056_21.registers import Register
from collectors.readouts import PROFILE_VALUES_MAX
from db.bell import Bell
from domain.readings.rules import clock_zone
from tests.db.load_profiles.told import QUARTER, stored
from tests.factories import NOW, Place, make_place
from tests.workers.readouts import drained, fetch, frames_of, readout
from workers.ingest import Drain

START = NOW - timedelta(hours=2)


@pytest.fixture
async def drain(connected: None, redis_url: str) -> AsyncIterator[Drain]:
    async with Bell(redis_url, "test_profiles") as bell:
        yield Drain(number=0, connections=1, bell=bell, clock=lambda: NOW)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place()


def as_printed(at: datetime) -> MeterClock:
    return MeterClock(at.astimezone(clock_zone("+03:00")).replace(tzinfo=None), None)


def profile_text(
    place: Place,
    starts_at: datetime,
    powers_kw: Sequence[str],
    *,
    registers: Sequence[Register] = (),
    minutes: int = 15,
) -> bytes:
    block = profile_set(
        first_ends=as_printed(starts_at + timedelta(minutes=minutes)),
        period_minutes=minutes,
        channels=[("1.5.0", "kW"), ("32.7.0", "V"), ("5.5.0", "kvar")],
        rows=[(power, "231.0", "0.4") for power in powers_kw],
        status="08",
    )
    return build_readout(
        serial=place.supplies[0].serial,
        registers=registers,
        clock=as_printed(NOW) if registers else None,
        profile=[block],
    )


async def test_a_readout_with_a_profile_becomes_a_reading_and_intervals(
    drain: Drain, place: Place
) -> None:
    total = [Register("1.8.0", 1_000, 0, "Wh", 6)]
    text = profile_text(place, START, ["0.4", "0.8"], registers=total)

    await drained(drain, [frames_of(place, text)])

    assert await fetch("select ts, index_wh from reading") == [{"ts": NOW, "index_wh": 1_000}]
    assert await fetch(
        "select channel, starts_at, ends_at, kind, unit, value, status from load_interval"
        " where starts_at < '2026-03-18 10:15Z' order by channel"
    ) == [
        {
            "channel": channel,
            "starts_at": START,
            "ends_at": START + QUARTER,
            "kind": "POWER",
            "unit": unit,
            "value": 100_000,
            "status": "08",
        }
        for channel, unit in (("1.5.0", "Wh"), ("5.5.0", "varh"))
    ]
    assert await fetch("select count(*) from load_interval") == [{"count": 4}]
    assert await fetch("select * from review_frame") == []


@pytest.mark.parametrize("function", ["profile", "read", "readout"])
async def test_a_profile_alone_makes_no_reading(drain: Drain, place: Place, function: str) -> None:
    text = profile_text(place, START, ["0.4"])

    await drained(drain, [frames_of(place, text, function=function, read_at=None)])

    assert await fetch("select count(*) from load_interval") == [{"count": 2}]
    assert await fetch("select * from reading") == []
    assert await fetch("select * from register_set") == []
    assert await fetch("select * from review_frame") == []


async def test_pieces_overlap_repeat_and_come_late(drain: Drain, place: Place) -> None:
    late, middle = (
        frames_of(place, profile_text(place, START + first * QUARTER, powers))
        for first, powers in ((2, ["0.12", "0.16"]), (1, ["0.08", "0.12"]))
    )
    first = frames_of(place, profile_text(place, START, ["0.04", "0.08"]))

    await drained(drain, [late])
    await drained(drain, [first, middle, late])

    energies = [energy for _, energy in await stored(place)]
    assert [energy for energy in energies if energy != 100] == [10, 20, 30, 40]
    assert await stored(place, "interval_conflict") == []


async def test_another_value_of_an_interval_waits_for_a_person(drain: Drain, place: Place) -> None:
    await drained(drain, [frames_of(place, profile_text(place, START, ["0.04"]))])

    await drained(drain, [frames_of(place, profile_text(place, START, ["0.08"]))])

    assert await stored(place) == [(START, 10), (START, 100)]
    assert await stored(place, "interval_conflict") == [(START, 20)]


async def test_a_profile_that_cannot_be_read_waits_for_a_person(drain: Drain, place: Place) -> None:
    text = f"0.0.0({place.supplies[0].serial})\r\nP.01(?)(0)(15)(1)(1.5)(kW)(1)\r\n!\r\n"

    await drained(drain, [frames_of(place, text.encode())])

    assert await fetch("select status, reason, detail from review_frame") == [
        {
            "status": "REJECTED",
            "reason": "NO_PROFILE",
            "detail": "expected the end of the first interval in the header",
        }
    ]


async def test_a_profile_that_is_too_long_waits_for_a_person(drain: Drain, place: Place) -> None:
    rows = "(0)" * (PROFILE_VALUES_MAX // 2 + 1)
    block = f"P.01(260318100000)(0)(1)(1)(1.5)(kW){rows}\r\n"
    text = f"0.0.0({place.supplies[0].serial})\r\n{block}{block}!\r\n"

    await drained(drain, [frames_of(place, text.encode())])

    assert await fetch("select status, reason from review_frame") == [
        {"status": "REJECTED", "reason": "PROFILE_TOO_LONG"}
    ]
    assert await stored(place) == []


async def test_a_profile_of_an_unknown_meter_waits_for_it(drain: Drain, place: Place) -> None:
    text = profile_text(place, START, ["0.4"])

    await drained(drain, [frames_of(place, text, meter_serial="Z9")])

    assert await fetch("select status, meter_serial from review_frame") == [
        {"status": "UNMATCHED", "meter_serial": "Z9"}
    ]


async def test_profiles_do_not_hold_up_readings(drain: Drain, place: Place) -> None:
    frames = [
        frames_of(place, profile_text(place, START, ["0.4"] * 4)),
        frames_of(place, readout(place.supplies[0].serial, 1_000)),
    ]

    await drained(drain, frames)

    assert await fetch("select count(*) from reading") == [{"count": 1}]
    assert await fetch("select count(*) from load_interval") == [{"count": 8}]
