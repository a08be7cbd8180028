"""Money and energy belong to the local day and the field that they were of."""

from datetime import UTC, date, datetime, timedelta

import pytest

from db import access
from db.ids import FieldId
from domain.analytics.checks import verify
from domain.analytics.folding import fold
from domain.analytics.measuring import measure_company
from domain.analytics.rules import IndicatorGrouping
from domain.hierarchy import fields
from domain.ledger import operations as ledger
from domain.ledger.reversal import reverse
from domain.metering import premises
from tests.credit import pay
from tests.db.indicators.telling import DAY, TODAY, read, told
from tests.factories import NOW, Place, make_place

pytestmark = pytest.mark.usefixtures("connected")

INSTANT = timedelta(microseconds=1)


async def move(place: Place, *, now: datetime) -> FieldId:
    """Let the first premises move to a new field."""
    field_id = await fields.create(
        company_id=place.company_id,
        branch_id=place.branch_id,
        name="Harbour",
        latitude=None,
        longitude=None,
    )
    await premises.move(
        company_id=place.company_id,
        premises_id=place.supplies[0].premises_id,
        expected_version=1,
        field_id=field_id,
        now=now,
    )
    return field_id


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        pytest.param("Europe/Berlin", date(2026, 3, 29), "2026-03-28T23", 23, id="23 hours"),
        pytest.param("Europe/Berlin", date(2025, 10, 26), "2025-10-25T22", 25, id="25 hours"),
        pytest.param("Europe/Istanbul", date(2026, 3, 29), "2026-03-28T21", 24, id="24 hours"),
    ],
)
async def test_money_belongs_to_the_local_day_however_long_it_is(
    zone: str, day: date, begins: str, hours: int
) -> None:
    place = await make_place(time_zone=zone, opened_at=datetime(2025, 10, 1, tzinfo=UTC))
    start = datetime.fromisoformat(f"{begins}:00:00+00:00")
    end = start + timedelta(hours=hours)
    moments = [start - INSTANT, start, end - INSTANT, end]
    for number, at in enumerate(moments):
        await pay(place, "1", key=str(number), at=at)
    await fold()

    (buckets,) = (await told(place, day - DAY, day, day + DAY, day + 2 * DAY)).values()

    assert [bucket.payments for bucket in buckets] == [1, 2, 1]


async def test_days_stay_what_they_were_when_the_company_changes_its_time_zone(
    place: Place,
) -> None:
    await pay(place, "1", at=NOW.replace(hour=22))
    async with access.system() as connection:
        await connection.execute(
            "update company set time_zone = 'UTC' where id = $1", place.company_id
        )
    await fold()

    (buckets,) = (await told(place, TODAY, TODAY + DAY, TODAY + 2 * DAY)).values()

    assert [bucket.payments for bucket in buckets] == [0, 1]
    assert await verify() == []


async def test_money_and_energy_stay_with_the_field_of_their_day(place: Place) -> None:
    await read(place, NOW - DAY, 1_000)
    await pay(place, "1")
    new_field = await move(place, now=NOW)
    await pay(place, "2", key="two")
    await pay(place, "4", key="three", at=NOW + DAY)
    await read(place, NOW, 3_000)
    await read(place, NOW + DAY, 6_000, now=NOW + DAY)
    await measure_company(company_id=place.company_id, now=NOW + DAY)
    edges = [TODAY - DAY, TODAY, TODAY + DAY, TODAY + 2 * DAY]

    found = await told(place, *edges, by=IndicatorGrouping.FIELD)

    assert [one.paid for one in found[place.field_id]] == [0, 3, 0]
    assert [one.paid for one in found[new_field]] == [0, 0, 4]
    assert [one.charged.energy_wh for one in found[place.field_id]] == [1_000, 2_000, 0]
    assert [one.charged.energy_wh for one in found[new_field]] == [0, 0, 3_000]
    assert await verify() == []


async def test_what_comes_after_a_move_leaves_no_difference(place: Place) -> None:
    journal_id = await pay(place, "8", at=NOW - DAY)
    await read(place, NOW, 4_000)
    await ledger.close_days(now=NOW + DAY)
    await measure_company(company_id=place.company_id, now=NOW + DAY)
    new_field = await move(place, now=NOW)
    later = NOW + DAY
    async with access.tenant(place.company_id) as connection:
        await reverse(
            connection,
            company_id=place.company_id,
            journal_id=journal_id,
            reason="never paid",
            now=later,
        )
    await read(place, NOW - DAY, 1_000, now=later)
    await ledger.close_days(now=later + DAY)
    await measure_company(company_id=place.company_id, now=later + DAY)

    found = await told(
        place, TODAY - DAY, TODAY, later.date(), later.date() + DAY, by=IndicatorGrouping.FIELD
    )

    assert [one.charged.energy_wh for one in found[place.field_id]] == [1_000, 3_000, 0]
    assert [one.charged.energy_wh for one in found[new_field]] == [0, 0, 0]
    assert [one.paid for one in found[place.field_id]] == [8, 0, 0]
    assert [one.paid_back for one in found[place.field_id]] == [0, 0, 0]
    assert [one.paid for one in found[new_field]] == [0, 0, 0]
    assert [one.paid_back for one in found[new_field]] == [0, 0, 8]
    assert await verify() == []
