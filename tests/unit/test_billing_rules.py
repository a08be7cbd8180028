"""What energy costs: prices, splits at changes of terms, and days."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.ids import AccountId
from domain.billing.rules import (
    Anchor,
    Base,
    Segment,
    bill,
    cost_micro,
    difference,
    energy_date,
)

ISTANBUL = ZoneInfo("Europe/Istanbul")
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 18, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANNA = AccountId(1)
BORA = AccountId(2)


def segment(
    *,
    starts_at: datetime = START,
    ends_at: datetime | None = None,
    account_id: AccountId = ANNA,
    price: str = "2.5",
    base_index_wh: int | None = None,
) -> Segment:
    return Segment(
        starts_at=starts_at,
        ends_at=ends_at,
        account_id=account_id,
        price_per_kwh=Decimal(price),
        multiplier=Decimal(1),
        base_index_wh=base_index_wh,
    )


@pytest.mark.parametrize(
    ("price", "multiplier", "energy_wh", "expected"),
    [
        pytest.param("2.5", "1", 1_000, 2_500_000, id="a kilowatt-hour"),
        pytest.param("2.5", "40", 1_000, 100_000_000, id="behind a transformer"),
        pytest.param("0.0005", "1", 1, 1, id="half a millionth rounds up"),
        pytest.param("0.000499999", "1", 1, 0, id="less than half rounds down"),
        pytest.param("0.0005", "1", -1, -1, id="negative halves round away from zero"),
        pytest.param("999999999.999999999", "1", 10**9, 999_999_999_999_999_999_000, id="huge"),
        pytest.param("0", "1", 10**12, 0, id="free"),
    ],
)
def test_cost(price: str, multiplier: str, energy_wh: int, expected: int) -> None:
    cost = cost_micro(
        price_per_kwh=Decimal(price), multiplier=Decimal(multiplier), energy_wh=energy_wh
    )

    assert cost == expected


@pytest.mark.parametrize(
    ("at", "zone", "expected"),
    [
        pytest.param("2026-03-18T21:00:00Z", ISTANBUL, date(2026, 3, 18), id="midnight ends a day"),
        pytest.param("2026-03-18T21:00:01Z", ISTANBUL, date(2026, 3, 19), id="a second later"),
        pytest.param("2026-03-29T22:00:00Z", BERLIN, date(2026, 3, 29), id="23-hour day ends"),
        pytest.param("2026-10-25T23:00:00Z", BERLIN, date(2026, 10, 25), id="25-hour day ends"),
        pytest.param("2026-10-25T22:59:59Z", BERLIN, date(2026, 10, 25), id="its last second"),
    ],
)
def test_energy_belongs_to_the_local_day_in_which_it_ends(
    at: str, zone: ZoneInfo, expected: date
) -> None:
    assert energy_date(datetime.fromisoformat(at), zone) == expected


def test_a_price_change_splits_a_reading_in_proportion_to_time() -> None:
    change = START + HOUR
    segments = [
        segment(ends_at=change, base_index_wh=0),
        segment(starts_at=change, price="10"),
    ]
    anchors = [Anchor(START, 0), Anchor(START + 4 * HOUR, 4_000)]

    made = bill(anchors, segments, ISTANBUL)

    assert made.charges == {(ANNA, date(2026, 3, 18)): 2_500_000 + 30_000_000}
    assert made.bases == {change: Base(1_000, estimated=True)}


def test_a_reading_at_the_change_makes_the_split_exact() -> None:
    change = START + HOUR
    segments = [segment(ends_at=change, base_index_wh=0), segment(starts_at=change, price="10")]
    anchors = [Anchor(START, 0), Anchor(change, 3_999), Anchor(START + 4 * HOUR, 4_000)]

    made = bill(anchors, segments, ISTANBUL)

    assert made.bases == {change: Base(3_999, estimated=False)}
    assert made.charges == {(ANNA, date(2026, 3, 18)): 9_997_500 + 10_000}


def test_energy_outside_of_all_terms_is_not_charged() -> None:
    change = START + HOUR
    segments = [segment(starts_at=change, ends_at=change + HOUR, account_id=BORA)]
    anchors = [Anchor(START, 0), Anchor(START + 4 * HOUR, 4_000)]

    made = bill(anchors, segments, ISTANBUL)

    assert made.charges == {(BORA, date(2026, 3, 18)): 2_500_000}


def test_a_settlement_is_the_signed_difference_without_what_stays() -> None:
    day, next_day = date(2026, 3, 18), date(2026, 3, 19)

    due = difference(
        Counter({(ANNA, day): 5, (ANNA, next_day): 3}),
        Counter({(ANNA, day): 9, (ANNA, next_day): 3, (BORA, day): 1}),
    )

    assert due == {(ANNA, day): -4, (BORA, day): -1}


@given(
    steps=st.lists(st.tuples(st.integers(1, 7_200), st.integers(0, 50_000)), min_size=1),
    price=st.decimals(min_value=0, max_value=100, places=9),
)
def test_reading_more_often_never_changes_the_sum(
    steps: list[tuple[int, int]], price: Decimal
) -> None:
    anchors = [Anchor(START, 0)]
    for seconds, energy_wh in steps:
        last = anchors[-1]
        at = last.at + timedelta(seconds=seconds)
        anchors.append(Anchor(at, last.index_wh + energy_wh))
    terms = [segment(price=str(price), base_index_wh=0)]

    often = bill(anchors, terms, ISTANBUL).charges.total()
    once = bill([anchors[0], anchors[-1]], terms, ISTANBUL).charges.total()

    assert often == once
