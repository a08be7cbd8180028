"""Exported energy is told apart by its own load profile, as imported energy is by its own."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from db.enums import BillingBasis, ComponentKind, EnergyDirection
from domain.ledger import operations as ledger
from domain.ledger.queries import verify
from domain.readings.batch import Read
from domain.tariffs.components import Component, Flat, Version
from domain.tariffs.presets import tr_time_of_use
from tests.db.load_profiles.test_charging import DAY, HOUR, START, charged, place_by_bands
from tests.db.load_profiles.told import store, told
from tests.factories import NOW, Place, make_read, make_register_set

MIDNIGHT = START + 4 * HOUR
SOLD = Component(
    name="Sold",
    kind=ComponentKind.ENERGY,
    direction=EnergyDirection.EXPORT,
    register="2.8.0",
    shape=tr_time_of_use(Decimal(2), Decimal(3), Decimal(1)),
)
BOUGHT = Component(name="Energy", kind=ComponentKind.ENERGY, shape=Flat(Decimal(5)))
KWH = 1_000_000

pytestmark = pytest.mark.usefixtures("connected")


@pytest.fixture
async def place(connected: None) -> Place:
    its = Version(components=(BOUGHT, SOLD))
    return await place_by_bands(basis=BillingBasis.TOTAL_REGISTER, versions=[(START, its)])


async def exported(place: Place) -> Sequence[Read]:
    """Return readings of two hours of T2 and two of T3, in which four kWh were exported."""
    registers = await make_register_set(place.company_id, ("1.8.0", "2.8.0"))
    return [
        make_read(place, registers, START, 7, values=[7, 100]),
        make_read(place, registers, MIDNIGHT, 1_007, values=[1_007, 4_100]),
    ]


async def test_a_profile_that_comes_late_settles_what_was_credited(place: Place) -> None:
    await store([], await exported(place))
    before, _ = await charged(place)
    await ledger.close_days(now=NOW)

    await store(told(place, START, *[375] * 8, *[125] * 8, channel="2.5.0"))
    await ledger.close_days(now=NOW + HOUR)

    assert before == {DAY: (5 - 2 * 3 - 2 * 1) * KWH}
    assert await charged(place) == ({DAY: (5 - 3 * 3 - 1 * 1) * KWH}, set())
    assert await verify() == []


async def test_a_profile_that_comes_with_the_readings_is_credited_at_once(place: Place) -> None:
    await store(told(place, START, *[375] * 8, *[125] * 8, channel="2.29.0"), await exported(place))

    assert await charged(place) == ({DAY: (5 - 3 * 3 - 1 * 1) * KWH}, set())


async def test_the_best_channel_tells(place: Place) -> None:
    await store([], await exported(place))

    await store(told(place, START, *[125] * 8, *[375] * 8, channel="2.5.0"))
    await store(told(place, START, *[375] * 8, *[125] * 8, channel="2.29.0"))

    assert await charged(place) == ({DAY: (5 - 3 * 3 - 1 * 1) * KWH}, set())


async def test_a_profile_of_what_was_imported_tells_nothing_of_the_export(place: Place) -> None:
    await store([], await exported(place))

    await store(told(place, START, *[94] * 8, *[31] * 8))

    made, estimated = await charged(place)
    assert made == {DAY: (5 - 2 * 3 - 2 * 1) * KWH}
    assert estimated == {DAY}


async def test_the_same_profile_again_changes_nothing(place: Place) -> None:
    profile = told(place, START, *[375] * 8, *[125] * 8, channel="2.5.0")
    await store(profile, await exported(place))
    before = await charged(place)

    await store(profile, now=NOW + timedelta(minutes=1))

    assert await charged(place) == before
