"""Indicators are what the books say, at every moment and to the last digit."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import asyncpg
import pytest
from asyncpg.connection import LoggedQuery

from db import access
from db.enums import JournalKind, LedgerAccountKind, Segment
from db.ids import FieldId, JournalId
from db.settings import Urls
from domain.analytics.checks import verify
from domain.analytics.folding import FOLD, fold
from domain.analytics.measuring import LOCK, measure, measure_company
from domain.analytics.queries import Bucket, indicators
from domain.analytics.rules import IndicatorGrouping
from domain.hierarchy import fields
from domain.ledger import operations as ledger
from domain.ledger.posting import post
from domain.ledger.reversal import reverse
from domain.ledger.rules import Line, Posting
from domain.listing import Wall
from domain.metering import premises
from domain.readings import operations as readings
from tests.factories import (
    NOW,
    Place,
    account_of,
    add_supply,
    make_place,
    make_read,
    make_register_set,
)

pytestmark = pytest.mark.usefixtures("connected")

TODAY = date(2026, 3, 18)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
NOTHING = Decimal(0)


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(meters=2, price=Decimal("2.5"))


def everything(place: Place) -> Wall:
    return Wall(lambda _: "true", {"company": place.company_id, "now": NOW})


async def pay(
    place: Place, amount: str, *, key: str = "one", at: datetime = NOW, number: int = 0
) -> JournalId:
    return await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_of(place, number),
        amount=Decimal(amount),
        idempotency_key=key,
        occurred_at=at,
    )


async def read(
    place: Place, at: datetime, index_wh: int, *, number: int = 0, now: datetime = NOW
) -> None:
    register_set_id = await register_set_of(place)
    one = make_read(place, register_set_id, at, index_wh, supply=place.supplies[number])
    async with access.system() as connection:
        await readings.store(connection, [one], now=now)


async def register_set_of(place: Place) -> int:
    async with access.system() as connection:
        found = await connection.fetchval(
            "select id from register_set where company_id = $1", place.company_id
        )
    return int(found) if found else await make_register_set(place.company_id)


async def told(
    place: Place,
    *edges: date,
    by: IndicatorGrouping = IndicatorGrouping.COMPANY,
) -> dict[int, list[Bucket]]:
    """Return the buckets between edges, today's alone by default, by group."""
    async with access.reading(place.company_id) as connection:
        groups = await indicators(
            connection, edges or (TODAY, TODAY + DAY), by=by, wall=everything(place)
        )
    return {group.id: list(group.buckets) for group in groups}


async def today(place: Place) -> Bucket:
    (buckets,) = (await told(place)).values()
    return buckets[0]


async def waiting() -> int:
    async with access.system() as connection:
        return int(await connection.fetchval("select count(*) from unsummed_journal"))


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


async def test_what_is_paid_is_told_at_once_and_is_the_same_once_it_is_folded(
    place: Place,
) -> None:
    await pay(place, "10.5")
    await pay(place, "0.000001", key="two", number=1)

    before = await today(place)
    folded = await fold()

    assert folded == 2
    assert await waiting() == 0
    assert (before.paid, before.paid_back, before.payments) == (Decimal("10.500001"), NOTHING, 2)
    assert await today(place) == before
    assert await verify() == []


async def test_what_is_folded_and_what_waits_are_added(place: Place) -> None:
    await pay(place, "10")
    await fold()
    await pay(place, "5", key="two")

    bucket = await today(place)

    assert (bucket.paid, bucket.payments) == (Decimal(15), 2)
    assert await verify() == []


async def test_a_retried_payment_counts_once(place: Place) -> None:
    await pay(place, "10")
    await fold()
    await pay(place, "10")

    assert await waiting() == 0
    assert (await today(place)).payments == 1


async def test_any_kind_of_payment_counts_by_its_side(place: Place) -> None:
    lines = [
        Line(LedgerAccountKind.CREDIT, Decimal(8), account_of(place)),
        Line(LedgerAccountKind.PROVIDER_CLEARING, Decimal(-8)),
    ]
    payout = [
        Line(LedgerAccountKind.PROVIDER_CLEARING, Decimal(8)),
        Line(LedgerAccountKind.BANK, Decimal(-8)),
    ]
    async with access.tenant(place.company_id) as connection:
        for key, one in {"paid": lines, "payout": payout}.items():
            posting = Posting(
                company_id=place.company_id,
                kind=JournalKind.SETTLEMENT,
                idempotency_key=key,
                request=key,
                occurred_at=NOW,
                lines=one,
            )
            await post(connection, posting, now=NOW)

    bucket = await today(place)
    by_field = await told(place, TODAY, TODAY + DAY, by=IndicatorGrouping.FIELD)

    assert (bucket.paid, bucket.paid_back, bucket.payments) == (Decimal(8), NOTHING, 1)
    assert [len(bucket.movements), len(by_field[place.field_id][0].movements)] == [4, 2]


async def test_a_reversal_is_money_that_went_back(place: Place) -> None:
    journal_id = await pay(place, "10")
    await fold()
    async with access.tenant(place.company_id) as connection:
        await reverse(
            connection,
            company_id=place.company_id,
            journal_id=journal_id,
            reason="never paid",
            now=NOW,
        )

    bucket = await today(place)

    assert (bucket.paid, bucket.paid_back, bucket.payments) == (Decimal(10), Decimal(10), 1)
    assert {one.kind for one in bucket.movements} == {
        JournalKind.CASH_TOP_UP,
        JournalKind.REVERSAL,
    }


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


async def test_energy_and_charges_are_those_of_the_readings(place: Place) -> None:
    await add_supply(place, multiplier=Decimal("40.5"))
    await read(place, NOW - DAY, 1_000)
    await read(place, NOW, 4_000)
    await read(place, NOW, 2_000, number=2)
    await measure(now=NOW)

    (buckets,) = (await told(place, TODAY - DAY, TODAY, TODAY + DAY)).values()

    assert [one.charged.energy_wh for one in buckets] == [1_000, 3_000 + 81_000]
    assert [one.charged.amount for one in buckets] == [Decimal("2.5"), Decimal(210)]
    assert [one.charged.as_of for one in buckets] == [NOW, NOW]


async def test_a_day_is_settled_once_it_is_closed_until_a_reading_comes_late(
    place: Place,
) -> None:
    await read(place, NOW, 4_000)
    unknown = (await today(place)).charged
    await measure(now=NOW)
    first = (await today(place)).charged
    await ledger.close_days(now=NOW + DAY)
    await measure(now=NOW + DAY)
    settled = (await today(place)).charged
    await read(place, NOW - DAY, 1_000, now=NOW + DAY)
    late = (await today(place)).charged
    await ledger.close_days(now=NOW + DAY)
    await measure(now=NOW + 2 * DAY)
    corrected = (await today(place)).charged

    assert (unknown.amount, unknown.is_settled, unknown.as_of) == (NOTHING, False, None)
    assert (first.amount, first.is_settled, first.as_of) == (Decimal(10), False, NOW)
    assert (settled.amount, settled.is_settled, settled.as_of) == (Decimal(10), True, None)
    assert (late.amount, late.is_settled, late.as_of) == (Decimal(10), False, NOW + DAY)
    assert (corrected.amount, corrected.energy_wh) == (Decimal("7.5"), Decimal(3_000))
    assert corrected.is_settled
    assert await verify() == []


async def test_energy_moves_between_days_even_where_it_costs_nothing(connected: None) -> None:
    place = await make_place(price=NOTHING)
    await read(place, NOW, 4_000)
    await read(place, NOW - DAY, 1_000)
    await measure(now=NOW)

    (buckets,) = (await told(place, TODAY - DAY, TODAY, TODAY + DAY)).values()

    assert [one.charged.energy_wh for one in buckets] == [1_000, 3_000]


async def test_what_was_posted_counts_when_it_was_and_what_was_used_when_that_was(
    place: Place,
) -> None:
    await read(place, NOW, 4_000)
    await ledger.close_days(now=NOW + DAY)
    await measure(now=NOW + DAY)

    (buckets,) = (await told(place, TODAY, TODAY + DAY, TODAY + 2 * DAY)).values()

    assert [one.charged.amount for one in buckets] == [10, 0]
    assert [
        [(one.side, one.credited) for one in bucket.movements if one.credited] for bucket in buckets
    ] == [[], [(LedgerAccountKind.REVENUE, Decimal(10))]]


async def test_standings_are_the_ledgers_of_their_moment(place: Place) -> None:
    await pay(place, "10")
    await pay(place, "0.5", key="two", number=1)
    await read(place, NOW - DAY, 2_000)
    await measure(now=NOW)
    await pay(place, "99", key="later")

    standing = (await today(place)).standing

    assert standing is not None
    assert standing.as_of == NOW
    assert (standing.balance, standing.debt, standing.in_flight) == (
        Decimal("5.5"),
        NOTHING,
        NOTHING,
    )
    assert standing.segments == {
        Segment.NO_ENERGY: 0,
        Segment.INVOICED: 0,
        Segment.WARNING_LIMIT: 0,
        Segment.CREDIT: 2,
    }
    # 5 in a week, of which 5 are left; of the other nobody can tell.
    assert standing.daily_use == Decimal("0.714286")
    assert standing.run_out_days is not None
    assert standing.run_out_days.quantize(Decimal("0.01")) == 7
    assert standing.run_outs == [0, 0, 0, 0, 1, 0, 0, 0]


async def test_standings_count_segments_and_those_below_their_limit(place: Place) -> None:
    await pay(place, "10")
    async with access.system() as connection:
        await connection.execute(
            "update meter set supply = 'OFF' where company_id = $1 and id = $2",
            place.company_id,
            place.supplies[1].meter_id,
        )
    await add_supply(place)
    await measure(now=NOW)

    standing = (await today(place)).standing

    assert standing is not None
    assert standing.segments == {
        Segment.NO_ENERGY: 1,
        Segment.INVOICED: 0,
        Segment.WARNING_LIMIT: 1,
        Segment.CREDIT: 1,
    }
    assert standing.below_warning == 2
    assert standing.run_outs == [2, 0, 0, 0, 0, 0, 0, 0]


async def test_a_bucket_shows_how_accounts_stood_last(place: Place) -> None:
    await measure(now=NOW - DAY)
    await pay(place, "10")
    await measure(now=NOW)

    (buckets,) = (await told(place, TODAY - 2 * DAY, TODAY - DAY, TODAY, TODAY + DAY)).values()
    (month,) = (await told(place, date(2026, 3, 1), date(2026, 4, 1))).values()

    balances = [one.standing and one.standing.balance for one in [*buckets, *month]]
    assert balances == [None, 0, 10, 10]


async def test_money_is_told_exactly_while_others_post_and_fold(place: Place) -> None:
    done = asyncio.Event()
    seen: list[int] = []

    async def write(number: int) -> None:
        for step in range(15):
            await pay(place, "1", key=f"{number}/{step}", number=step % 2)

    async def fold_on() -> None:
        while not done.is_set():
            await fold()

    async def look() -> None:
        while not done.is_set():
            bucket = await today(place)
            assert bucket.paid == bucket.payments
            seen.append(bucket.payments)

    folding = [asyncio.create_task(one) for one in (fold_on(), fold_on(), look())]
    await asyncio.gather(*(write(number) for number in range(4)))
    done.set()
    await asyncio.gather(*folding)

    assert seen == sorted(seen)
    assert (await today(place)).paid == 60
    assert await verify() == []


async def fold_and_die() -> None:
    """Fold one transaction, and let the server end before it is committed."""
    async with access.system() as connection:
        assert await connection.fetchval(FOLD, 1) == 1
        await connection.execute("select pg_terminate_backend(pg_backend_pid())")


async def test_a_fold_that_is_killed_has_done_nothing(place: Place) -> None:
    await pay(place, "10")
    await fold()
    await pay(place, "5", key="two")

    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        await fold_and_die()

    assert await waiting() == 1
    assert (await today(place)).paid == 15
    assert await fold() == 1
    assert (await today(place)).paid == 15
    assert await verify() == []


async def test_one_company_is_measured_by_one_at_a_time(place: Place, database: Urls) -> None:
    other = await asyncpg.connect(database.system)
    async with other.transaction():
        await other.execute(LOCK.replace("$1", str(place.company_id)))

        measured = await measure_company(company_id=place.company_id, now=NOW)

    await other.close()
    assert not measured
    assert (await today(place)).standing is None


async def test_verify_reports_sums_that_are_not_the_books(place: Place, database: Urls) -> None:
    await pay(place, "10")
    await read(place, NOW, 4_000)
    await ledger.close_days(now=NOW + DAY)
    await fold()
    await measure(now=NOW + DAY)
    owner = await asyncpg.connect(database.owner)
    await owner.execute("update money_sum set debited = debited + 1 where side = 'CASH'")
    await owner.execute("update charge_sum set energy_wh = energy_wh + 500")
    await owner.close()

    found = await verify()

    field = f"field {place.field_id}"
    assert [(one.what, one.stored, one.rebuilt) for one in found] == [
        (f"sum debited 2026-03-18 CASH_TOP_UP CASH {field}", Decimal(11), Decimal(10)),
        ("sum energy in kWh 2026-03-18", Decimal("4.5"), Decimal(4)),
    ]


async def test_no_query_scans_accounts_or_entries(place: Place) -> None:
    await pay(place, "10")
    await measure(now=NOW)
    plans = await plans_of(place)

    assert len(plans) == 5
    for plan in plans:
        for table in ("account", "account_balance", "accrual", "entry", "journal"):
            assert f"Seq Scan on {table} " not in plan


async def plans_of(place: Place) -> list[str]:
    """Return the plan of each query that indicators are read by."""
    queries: list[LoggedQuery] = []
    async with access.system() as connection:
        await connection.execute("set local enable_seqscan = off")
        with connection.query_logger(queries.append):
            await indicators(
                connection,
                [TODAY, TODAY + DAY],
                by=IndicatorGrouping.FIELD,
                wall=everything(place),
            )
        return [
            "\n".join(row[0] for row in await connection.fetch(f"explain {one.query}", *one.args))
            for one in queries
        ]
