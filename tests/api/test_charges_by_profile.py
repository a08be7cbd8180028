"""A tariff by the hour, assigned by the load profile, and charged by what frames bring."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from api.global_ids import encode
from collectors.protocols.iec62056_21.build import build_readout, profile_set
from collectors.protocols.iec62056_21.clock import MeterClock
from collectors.protocols.iec62056_21.registers import Register
from db.bell import Bell
from domain.readings.rules import clock_zone
from tests.api.tariffs import DAYS, PROPOSE
from tests.api.test_tariffs import APPROVE, ASSIGN
from tests.api.web import User, Web
from tests.factories import NOW, Place, account_of
from tests.workers.readouts import drained, frames_of
from workers.ingest import Drain

HOUR = timedelta(hours=1)
# Eight in the evening in Istanbul, two hours before the price falls from three to one.
START = NOW + 5 * HOUR
END = START + 4 * HOUR
STATEMENT = """
query ($id: ID!, $range: TimeRangeInput!) {
  node(id: $id) { ... on Account {
    statement(range: $range) { unposted { amount } estimatedDays }
  } }
}
"""


def prices() -> dict[str, Any]:
    """Return a day and a night whose energy no register of the meter counts apart."""
    hours = {"Day": ("3", 6 * 60, 22 * 60), "Night": ("1", 22 * 60, 6 * 60)}
    bands = [
        {
            "name": name,
            "price": price,
            "register": None,
            "windows": [{"days": DAYS, "fromMinute": first, "untilMinute": last}],
        }
        for name, (price, first, last) in hours.items()
    ]
    energy = {"name": "Energy", "kind": "ENERGY", "register": "1.8.0", "bands": bands}
    return {"components": [energy]}


async def assigned(web: Web, place: Place, user: User) -> list[Any]:
    """Have the tariff charged by the load profile from START on; return what was refused."""
    made = await web.ask(
        PROPOSE,
        user,
        input={
            "tariffId": encode("Tariff", place.tariff_id),
            "validFrom": START.isoformat(),
            "prices": prices(),
        },
    )
    version = made.data["proposeTariffVersion"]["tariffVersion"]
    await web.ask(APPROVE, user, input={"id": version["id"]})
    answer = await web.ask(
        ASSIGN,
        user,
        input={
            "tariffId": encode("Tariff", place.tariff_id),
            "startsAt": START.isoformat(),
            "billingBasis": "INTERVAL",
        },
    )
    assert answer.data["assignTariff"]["tariffAssignment"]["billingBasis"] == "INTERVAL"
    refused: list[Any] = answer.data["assignTariff"]["userErrors"]
    return refused


def printed(at: datetime) -> MeterClock:
    return MeterClock(at.astimezone(clock_zone("+03:00")).replace(tzinfo=None), None)


def readout(place: Place, at: datetime, index_wh: int) -> bytes:
    registers = [Register("1.8.0", index_wh, 0, "Wh", 6)]
    return build_readout(serial=place.supplies[0].serial, registers=registers, clock=printed(at))


def profile(place: Place, powers_kw: list[str]) -> bytes:
    block = profile_set(
        first_ends=printed(START + timedelta(minutes=15)),
        period_minutes=15,
        channels=[("1.5.0", "kW")],
        rows=[[power] for power in powers_kw],
    )
    return build_readout(serial=place.supplies[0].serial, registers=[], profile=[block])


async def statement(web: Web, place: Place, user: User) -> tuple[str, list[str]]:
    answer = await web.ask(
        STATEMENT,
        user,
        id=encode("Account", account_of(place)),
        range={"from": (START - 24 * HOUR).isoformat(), "to": (END + 24 * HOUR).isoformat()},
    )
    found = answer.data["node"]["statement"]
    return found["unposted"]["amount"], found["estimatedDays"]


@pytest.mark.parametrize("function", ["read", "profile"])
async def test_frames_with_a_profile_are_charged_by_bands(
    web: Web, place: Place, administrator: User, redis_url: str, function: str
) -> None:
    refused = await assigned(web, place, administrator)
    web.clock.move(END - NOW)
    user = await web.user(place.company_id)
    async with Bell(redis_url, "test_charges_by_profile") as bell:
        drain = Drain(number=0, connections=1, bell=bell, clock=web.clock)
        reads = [
            frames_of(place, readout(place, at, index_wh), received_at=at, read_at=at)
            for at, index_wh in ((START, 3), (END, 4_003))
        ]
        await drained(drain, reads)
        before = await statement(web, place, user)

        # Three of the four kilowatt-hours came in the evening.
        late = profile(place, ["1.5"] * 8 + ["0.5"] * 8)
        await drained(
            drain, [frames_of(place, late, function=function, received_at=END, read_at=None)]
        )
        after = await statement(web, place, user)

    assert refused == []
    # What the register showed before the assignment was charged at the flat price.
    assert before == ("-8.007037", ["2026-03-18"])
    assert after == ("-10.007037", [])
