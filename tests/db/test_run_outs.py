"""Indicators expect credit to end when the forecasts of the accounts do."""

import random
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from db import access
from domain.accounts.forecasts import Forecast
from domain.accounts.outlooks import of_accounts
from domain.accounts.queries import Standing, standings
from domain.analytics import standings as analytics
from domain.analytics.rules import RUN_OUT_DAYS
from domain.listing import Wall
from tests.factories import NOW, Place, add_supply, make_place

DAY = timedelta(days=1)
ACCOUNTS = 32


@pytest.fixture
async def place(connected: None) -> Place:
    """Make accounts of all kinds: used up, rich, silent, new, suspended, without use."""
    place = await make_place(meters=0)
    chance = random.Random(5)  # noqa: S311 - a choice, no secret
    for _ in range(ACCOUNTS):
        opened_at = NOW - timedelta(hours=chance.choice([2, 100, 700, 700]))
        supply = await add_supply(place, opened_at=opened_at)
        billed_at = chance.choice([None, NOW, NOW - timedelta(hours=7), NOW - 3 * DAY])
        async with access.system() as connection:
            if billed_at is not None and billed_at > opened_at:
                await connection.execute(
                    "update billing_state set billed_at = $2 where meter_id = $1",
                    supply.meter_id,
                    billed_at,
                )
            await connection.execute(
                "update account_balance set balance_micro = $2 where account_id = $1",
                supply.account_id,
                chance.choice([-1, 0, 4_000_000, 12_000_000, 30_000_000, 90_000_000, 10**13]),
            )
            for days in range(12):
                await connection.execute(
                    "insert into accrual (company_id, account_id, local_date, charged_micro)"
                    " values ($1, $2, $3, $4)",
                    place.company_id,
                    supply.account_id,
                    date(2026, 3, 18) - timedelta(days=days),
                    chance.choice([0, 1, 333_333, 7_000_001]),
                )
    async with access.system() as connection:
        await connection.execute(
            "update account set suspended_at = $1, suspension_reason = 'away'"
            " where id % 10 = 3 and company_id = $2",
            NOW,
            place.company_id,
        )
    return place


async def forecasts(place: Place) -> tuple[dict[int, Standing], dict[int, Forecast]]:
    wall = Wall(lambda _: "true", {"company": place.company_id, "now": NOW})
    ids = [supply.account_id or 0 for supply in place.supplies]
    async with access.tenant(place.company_id) as connection:
        return await standings(connection, ids, wall=wall), await of_accounts(
            connection, ids, wall=wall
        )


def days_of(standing: Standing, forecast: Forecast | None) -> Decimal | None:
    """Return in how many days credit ends, as indicators have it: exactly, and from now on."""
    if not standing.is_watched:
        return None
    left = standing.balance_micro - standing.limits.cut_off_micro
    if left <= 0:
        return Decimal(0)
    if forecast is None or forecast.runs_out_at is None:
        return None
    silent = Decimal((NOW - standing.as_of) // timedelta(microseconds=1)) / 86_400_000_000
    return max(Decimal(left) / forecast.daily_use_micro - silent, Decimal(0))


async def test_they_agree_account_by_account(place: Place) -> None:
    found, ahead = await forecasts(place)
    days = {one: days_of(found[one], ahead.get(one)) for one in found}
    told = [value for value in days.values() if value is not None]
    spans = [
        sum(1 for one, value in days.items() if value is not None and found[one].is_used_up)
    ] + [
        sum(
            1
            for one, value in days.items()
            if value is not None
            and not found[one].is_used_up
            and first <= value
            and (end is None or value < end)
        )
        for first, end in pairwise([*RUN_OUT_DAYS, None])
        if first is not None
    ]

    async with access.tenant(place.company_id) as connection:
        (standing,) = (await analytics.standings(connection, place.company_id, now=NOW)).values()

    assert standing.run_outs == spans
    assert sum(spans) == len(told)
    assert len([count for count in spans if count]) >= 6
    assert abs(standing.sums["run_out_days"] - sum(told)) < Decimal("1e-9")


async def test_they_know_the_same_use(place: Place) -> None:
    async with access.system() as connection:
        await connection.execute("update account set suspended_at = null, suspension_reason = null")
    _, ahead = await forecasts(place)

    async with access.tenant(place.company_id) as connection:
        (standing,) = (await analytics.standings(connection, place.company_id, now=NOW)).values()

    assert standing.sums["daily_use_micro"] == sum(one.daily_use_micro for one in ahead.values())
