"""For how long credit lasts, and how much more is needed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.forecasts import (
    Forecast,
    days_left,
    forecast,
    projected,
    smallest_top_up,
)
from domain.accounts.rules import Limits
from domain.money import major, micro
from domain.topups.clearing import Owed, Share, clear

AS_OF = datetime(2026, 3, 18, 12, tzinfo=UTC)
DAY = timedelta(days=1)
UNIT = 1_000_000
LIMITS = Limits(warning_micro=50 * UNIT, cut_off_micro=0, reconnect_micro=10 * UNIT)


@pytest.mark.parametrize(
    ("balance", "used", "known", "daily_use", "lasts"),
    [
        pytest.param(30, 60, 6 * DAY, 10, 3 * DAY, id="at the rate of the days that are known"),
        pytest.param(5, 10, DAY / 2, 20, DAY / 4, id="at the rate of half a day"),
        pytest.param(0, 60, 6 * DAY, 10, timedelta(0), id="has run out"),
        pytest.param(-5, 60, 6 * DAY, 10, timedelta(0), id="ran out before"),
        pytest.param(30, 0, 6 * DAY, 0, None, id="nothing is used"),
        pytest.param(30, -6, 6 * DAY, 0, None, id="more was given back than used"),
        pytest.param(36_500, 60, 6 * DAY, 10, 3650 * DAY, id="ten years"),
        pytest.param(36_501, 60, 6 * DAY, 10, None, id="longer than anybody asks"),
        pytest.param(10**12, 10**11, DAY, 10**11, 10 * DAY, id="much money"),
    ],
)
def test_credit_lasts(
    balance: int, used: int, known: timedelta, daily_use: int, lasts: timedelta | None
) -> None:
    found = forecast(
        balance_micro=balance * UNIT,
        limits=LIMITS,
        used_micro=used * UNIT,
        since=AS_OF - known,
        as_of=AS_OF,
    )

    assert found == Forecast(daily_use * UNIT, None if lasts is None else AS_OF + lasts)


def test_credit_lasts_until_the_cut_off_limit() -> None:
    limits = Limits(warning_micro=50 * UNIT, cut_off_micro=-20 * UNIT, reconnect_micro=0)

    found = forecast(
        balance_micro=0, limits=limits, used_micro=10 * UNIT, since=AS_OF - DAY, as_of=AS_OF
    )

    assert found == Forecast(10 * UNIT, AS_OF + 2 * DAY)


def test_from_a_few_hours_nobody_can_tell() -> None:
    known = timedelta(hours=6)
    facts = {"balance_micro": UNIT, "used_micro": UNIT, "limits": LIMITS, "as_of": AS_OF}

    assert forecast(**facts, since=AS_OF - known) is not None  # type: ignore[arg-type]
    assert (
        forecast(**facts, since=AS_OF - known + timedelta(seconds=1))  # type: ignore[arg-type]
        is None
    )


@pytest.mark.parametrize(
    ("silent", "left_micro"),
    [
        pytest.param(timedelta(0), 40_000_000, id="news"),
        pytest.param(DAY * 3 / 4, 33_454_546, id="eighteen hours"),
        pytest.param(10 * DAY, -47_272_720, id="longer than it lasts"),
        pytest.param(-DAY / 24, 40_000_000, id="a clock that is ahead"),
    ],
)
def test_what_would_be_left_is_projected_at_the_recent_rate(
    silent: timedelta, left_micro: int
) -> None:
    found = projected(
        balance_micro=40 * UNIT, daily_use_micro=8_727_272, as_of=AS_OF, now=AS_OF + silent
    )

    assert found == left_micro


@pytest.mark.parametrize(
    ("lasts", "days"),
    [
        pytest.param(3 * DAY, 3, id="three days"),
        pytest.param(3 * DAY - timedelta(seconds=1), 2, id="almost three"),
        pytest.param(-DAY, 0, id="ran out while nobody heard"),
    ],
)
def test_days_are_whole(lasts: timedelta, days: int) -> None:
    assert days_left(AS_OF + lasts, now=AS_OF) == days


@pytest.mark.parametrize(
    ("balance_micro", "decimals", "expected_micro"),
    [
        pytest.param(50 * UNIT + 1, 2, None, id="above the warning limit"),
        pytest.param(50 * UNIT, 2, UNIT, id="ends the warning by the margin"),
        pytest.param(49_999_999, 2, 1_010_000, id="rounded up to what one can pay"),
        pytest.param(1, 2, 51 * UNIT, id="just above the cut-off limit"),
        pytest.param(0, 2, 10_010_000, id="brings supply back"),
        pytest.param(-5_123_456, 2, 15_130_000, id="brings supply back from below zero"),
        pytest.param(-5_123_456, 0, 16 * UNIT, id="in a currency without decimals"),
        pytest.param(-5_123_456, 3, 15_124_000, id="in a currency with three"),
    ],
)
def test_the_smallest_top_up(balance_micro: int, decimals: int, expected_micro: int | None) -> None:
    owed = Owed(balance=major(balance_micro))

    found = smallest_top_up(owed, limits=LIMITS, margin_micro=UNIT, decimals=decimals)

    assert found == expected_micro


@pytest.mark.parametrize(
    ("reconnect", "debt", "emergency", "expected"),
    [
        pytest.param(10, 3, 0, 18, id="debt comes first"),
        pytest.param(10, 0, 4, 19, id="emergency credit is repaid before credit grows"),
        pytest.param(10, 3, 4, 22, id="both"),
        pytest.param(-2, 3, 4, 6, id="a goal below zero needs no repayment"),
    ],
)
def test_the_smallest_top_up_pays_what_is_owed_on_its_way(
    reconnect: int, debt: int, emergency: int, expected: int
) -> None:
    limits = Limits(
        warning_micro=50 * UNIT, cut_off_micro=-3 * UNIT, reconnect_micro=reconnect * UNIT - 1
    )

    owed = Owed(balance=Decimal(-5), debt=Decimal(debt), emergency_used=Decimal(emergency))

    found = smallest_top_up(owed, limits=limits, margin_micro=0, decimals=2)

    assert found == expected * UNIT


@pytest.mark.parametrize(
    ("share", "minimum", "expected"),
    [
        # 15 are needed above what goes to the debt of 100.
        pytest.param(Share(Decimal(10)), 0, "16.67", id="a tenth goes to debt"),
        pytest.param(Share(Decimal(10), cap=Decimal(1)), 0, "16", id="up to a cap"),
        pytest.param(
            Share(Decimal(10), cap=Decimal(5), taken=Decimal(5)), 0, "15", id="which is reached"
        ),
        pytest.param(Share(Decimal(100)), 0, "115", id="all of it until the debt is paid"),
        pytest.param(Share(Decimal(100), cap=Decimal(7)), 0, "22", id="all of it up to a cap"),
        pytest.param(None, 0, "115", id="all debt is due"),
        pytest.param(Share(Decimal(10)), 50, "50", id="the company sells no less"),
        pytest.param(Share(Decimal(10)), "20.001", "20.01", id="nor a part of a coin"),
    ],
)
def test_the_smallest_top_up_knows_what_goes_to_debt(
    share: Share | None, minimum: str, expected: str
) -> None:
    limits = Limits(warning_micro=50 * UNIT, cut_off_micro=0, reconnect_micro=10 * UNIT - 1)
    owed = Owed.of(debt=Decimal(100), balance=Decimal(-5), emergency_used=Decimal(0), share=share)

    found = smallest_top_up(
        owed,
        limits=limits,
        margin_micro=0,
        share=share,
        minimum_micro=micro(Decimal(minimum)),
        decimals=2,
    )

    assert found == micro(Decimal(expected))


AMOUNTS = st.integers(0, 10**10).map(major)


@given(
    balance=st.integers(-(10**10), 10**10).map(major),
    debt=AMOUNTS,
    emergency_used=AMOUNTS,
    cut_off=st.integers(-(10**9), 10**9),
    spreads=st.tuples(*[st.integers(0, 10**9)] * 3),
    share=st.none()
    | st.builds(
        Share,
        st.integers(1, 10_000).map(lambda hundredths: Decimal(hundredths) / 100),
        st.none() | AMOUNTS,
        AMOUNTS,
    ),
    minimum=AMOUNTS,
    decimals=st.sampled_from([0, 2, 3]),
)
def test_paying_the_smallest_top_up_restores_and_a_coin_less_does_not(
    balance: Decimal,
    debt: Decimal,
    emergency_used: Decimal,
    cut_off: int,
    spreads: tuple[int, int, int],
    share: Share | None,
    minimum: Decimal,
    decimals: int,
) -> None:
    warning, reconnect, margin = spreads
    limits = Limits(cut_off + warning, cut_off, cut_off + reconnect)
    owed = Owed.of(debt=debt, balance=balance, emergency_used=emergency_used, share=share)

    def is_restored_by(payment: Decimal) -> bool:
        cleared = clear(payment, owed, share=share)
        after_micro = micro(balance + cleared.balance + cleared.remainder)
        if micro(balance) <= limits.cut_off_micro:
            return after_micro > limits.reconnect_micro
        return after_micro >= limits.warning_micro + max(margin, 1)

    found = smallest_top_up(
        owed,
        limits=limits,
        margin_micro=margin,
        share=share,
        minimum_micro=micro(minimum),
        decimals=decimals,
    )

    if found is None:
        assert micro(balance) > limits.warning_micro
        return
    paid, coin = major(found), Decimal(1).scaleb(-decimals)
    assert paid % coin == 0
    assert is_restored_by(paid)
    assert paid - coin < minimum or not is_restored_by(paid - coin)
