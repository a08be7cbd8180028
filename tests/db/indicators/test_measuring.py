"""Sums are made once, checked against the books, and read without a scan."""

import re
from decimal import Decimal

import asyncpg
import pytest
from asyncpg.connection import LoggedQuery

from db import access
from db.settings import Urls
from domain.analytics.checks import verify
from domain.analytics.folding import FOLD, fold
from domain.analytics.measuring import LOCK, measure, measure_company
from domain.analytics.queries import indicators
from domain.analytics.rules import IndicatorGrouping
from domain.ledger import operations as ledger
from tests.credit import pay
from tests.db.indicators.telling import DAY, TODAY, everything, read, today, waiting
from tests.factories import NOW, Place

READ = re.compile(r"(?:Seq|(?<!Bitmap )Index|Index Only|Bitmap Heap) Scan.* on (\w+)")
# What is queued for the sums is looked up in the books, one transaction at a time.
BY_KEY = {
    "journal": "id = unsummed_journal.journal_id",
    "entry": "journal_id = unsummed_journal.journal_id",
    "ledger_account": "id = entry.ledger_account_id",
}
SUMS = {"money_sum", "charge_sum", "standing_sum"}
BESIDE = {"unsummed_journal", "charged_day", "measured_day", "company", "field"}


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


@pytest.mark.parametrize("by", list(IndicatorGrouping))
async def test_indicators_are_read_from_sums_alone(place: Place, by: IndicatorGrouping) -> None:
    await pay(place, "10")
    await measure(now=NOW)
    plans = await plans_of(place, by)

    assert len(plans) == 5
    assert {table for plan in plans for table in READ.findall(plan)} == {*SUMS, *BESIDE, *BY_KEY}
    for table, key in BY_KEY.items():
        reached = re.findall(rf" on {table} .*\n +(.*)", "\n".join(plans))
        assert reached
        assert all(line.startswith("Index Cond: ") and key in line for line in reached)


async def plans_of(place: Place, by: IndicatorGrouping) -> list[str]:
    """Return the plan of each query that indicators are read by."""
    queries: list[LoggedQuery] = []
    async with access.system() as connection:
        await connection.execute("set local enable_seqscan = off")
        with connection.query_logger(queries.append):
            await indicators(
                connection,
                [TODAY, TODAY + DAY],
                by=by,
                wall=everything(place),
            )
        return [
            "\n".join(row[0] for row in await connection.fetch(f"explain {one.query}", *one.args))
            for one in queries
        ]
