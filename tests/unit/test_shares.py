"""Which Wh of a meter are whose, and what each account pays for them. No database."""

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.ids import AccountId
from domain.accounts.rules import handed_over, may_be_cut_automatically
from domain.billing.portions import WHOLE_PPM, Portion, Shares, apportioned
from domain.billing.rules import Anchor, Base, Segment
from domain.billing.shares import charged, used

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ZONE = ZoneInfo("Europe/Istanbul")
DAY = date(2026, 3, 1)
ANNA, BORA, CEM = AccountId(1), AccountId(2), AccountId(3)


def parts(*shares: int) -> Shares:
    return tuple((AccountId(number), share) for number, share in enumerate(shares, start=1))


@st.composite
def wholes(draw: st.DrawFn) -> Shares:
    cuts = draw(st.sets(st.integers(1, WHOLE_PPM - 1), min_size=1, max_size=19))
    edges = [0, *sorted(cuts), WHOLE_PPM]
    return parts(*(end - start for start, end in itertools.pairwise(edges)))


@pytest.mark.parametrize(
    ("energy_wh", "shares", "expected"),
    [
        pytest.param(0, parts(500_000, 500_000), [0, 0], id="nothing"),
        pytest.param(7, parts(1_000_000), [7], id="one takes it all"),
        pytest.param(1, parts(500_000, 500_000), [1, 0], id="a half goes to the first"),
        pytest.param(3, parts(500_000, 500_000), [2, 1], id="and to nobody twice"),
        pytest.param(1_000, parts(700_000, 300_000), [700, 300], id="even parts"),
        pytest.param(10, parts(333_334, 333_333, 333_333), [3, 4, 3], id="a rest to the middle"),
        pytest.param(1, parts(1, 999_999), [0, 1], id="the smallest share of a Wh"),
        pytest.param(10**15, parts(1, 999_999), [10**9, 10**15 - 10**9], id="the largest index"),
    ],
)
def test_apportioned(energy_wh: int, shares: Shares, expected: list[int]) -> None:
    assert list(apportioned(energy_wh, shares).values()) == expected


@given(energy_wh=st.integers(0, 10**15), shares=wholes())
def test_parts_make_up_the_whole_and_stay_close(energy_wh: int, shares: Shares) -> None:
    made = apportioned(energy_wh, shares)

    assert sum(made.values()) == energy_wh
    halvings = (len(shares) - 1).bit_length()
    for account_id, share in shares:
        assert abs(made[account_id] * WHOLE_PPM - energy_wh * share) * 2 <= halvings * WHOLE_PPM


@given(energy_wh=st.integers(0, 10**15), more_wh=st.integers(0, 1_000), shares=wholes())
def test_more_energy_leaves_nobody_less(energy_wh: int, more_wh: int, shares: Shares) -> None:
    before, after = apportioned(energy_wh, shares), apportioned(energy_wh + more_wh, shares)

    assert all(after[account_id] >= before[account_id] for account_id, _ in shares)


@pytest.mark.parametrize(
    ("shares", "by", "to", "expected"),
    [
        pytest.param({ANNA: 6, BORA: 4}, ANNA, CEM, {BORA: 4, CEM: 6}, id="to somebody new"),
        pytest.param({ANNA: 6, BORA: 4}, ANNA, BORA, {BORA: 10}, id="to the last one"),
        pytest.param(
            {ANNA: 5, BORA: 3, CEM: 2}, BORA, CEM, {ANNA: 5, CEM: 5}, id="to one of the sharers"
        ),
    ],
)
def test_handed_over(
    shares: Mapping[AccountId, int],
    by: AccountId,
    to: AccountId,
    expected: Mapping[AccountId, int],
) -> None:
    assert handed_over(shares, by=by, to=to) == expected


@pytest.mark.parametrize(("payers", "may"), [(0, True), (1, True), (2, False), (20, False)])
def test_who_shares_is_never_cut_automatically(payers: int, may: bool) -> None:
    assert may_be_cut_automatically(payers=payers) is may


def segments(
    shares: Shares, prices: Iterable[str], *, hours: tuple[int, int | None] = (0, None), base: int
) -> list[Segment]:
    first, last = hours
    starts_at = START + first * HOUR
    ends_at = None if last is None else START + last * HOUR
    return [
        Segment(
            starts_at=starts_at,
            ends_at=ends_at,
            account_id=account_id,
            price_per_kwh=Decimal(price),
            multiplier=Decimal(1),
            base_index_wh=0,
            portion=Portion(
                account_id=account_id,
                starts_at=starts_at,
                ends_at=ends_at,
                base_index_wh=base,
                shares=shares,
            ),
        )
        for (account_id, _), price in zip(shares, prices, strict=True)
    ]


def test_each_pays_its_portion_by_its_own_price() -> None:
    shared = segments(parts(750_000, 250_000), ["2", "3"], base=100)

    made = charged([Anchor(START, 100), Anchor(START + HOUR, 10_100)], shared, ZONE)

    assert made.charges == {(ANNA, DAY): 15_000_000, (BORA, DAY): 7_500_000}
    assert made.bases == {}


def test_reading_more_often_charges_no_more() -> None:
    shared = segments(parts(333_334, 333_333, 333_333), ["2.345678901"] * 3, base=0)
    whole = [Anchor(START, 0), Anchor(START + 6 * HOUR, 1_001)]
    often = [Anchor(START + n * HOUR, index_wh) for n, index_wh in enumerate((0, 1, 2, 4, 8, 500))]

    once = charged(whole, shared, ZONE)
    slowly = charged([*often, whole[-1]], shared, ZONE)

    assert slowly.charges == once.charges
    assert sum(used(whole, shared, ZONE).values()) == 1_001


def test_a_meter_of_one_account_after_a_sharing_counts_by_itself() -> None:
    shared = segments(parts(500_000, 500_000), ["1", "1"], hours=(0, 2), base=0)
    alone = Segment(
        starts_at=START + 2 * HOUR,
        ends_at=None,
        account_id=CEM,
        price_per_kwh=Decimal(1),
        multiplier=Decimal(1),
        base_index_wh=None,
    )
    anchors = [Anchor(START, 0), Anchor(START + 2 * HOUR, 2_000), Anchor(START + 3 * HOUR, 2_700)]

    made = charged(anchors, [*shared, alone], ZONE)

    assert used(anchors, [*shared, alone], ZONE) == {
        (ANNA, DAY): 1_000,
        (BORA, DAY): 1_000,
        (CEM, DAY): 700,
    }
    assert made.charges[CEM, DAY] == 700_000
    assert made.bases == {START + 2 * HOUR: Base(2_000, estimated=False)}
