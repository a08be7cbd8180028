"""What a load profile tells of prices by the hour, and of a change of price between readings."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.enums import BillingBasis
from db.ids import AccountId
from domain.billing.portions import Portion
from domain.billing.rules import Anchor, Base, Bill, Segment, bill
from domain.billing.shares import charged, used
from domain.tariffs.flows import Interval
from tests.unit.bands import ACCOUNT, EXAMPLES, HOUR, ISTANBUL, START, WHOLE, days_of, gross, shown
from tests.unit.bands import segment as by_registers

DAY = date(2026, 3, 16)
NEIGHBOUR = AccountId(2)


def by_profile(
    starts_at: datetime = START,
    ends_at: datetime | None = None,
    basis: BillingBasis = BillingBasis.INTERVAL,
) -> Segment:
    return replace(by_registers(WHOLE, starts_at, ends_at), basis=basis)


def at_one_price(price: str, starts_at: datetime, ends_at: datetime | None = None) -> Segment:
    return replace(
        by_registers(WHOLE, starts_at, ends_at),
        version=None,
        price_per_kwh=Decimal(price),
        base_index_wh=None,
        basis=BillingBasis.TOTAL_REGISTER,
    )


def intervals(*energies: int, first: float = 0, hours: float = 1) -> list[Interval]:
    """Return what a profile tells from some hours after seven o'clock on."""
    return [
        Interval(START + (first + n * hours) * HOUR, START + (first + (n + 1) * hours) * HOUR, wh)
        for n, wh in enumerate(energies)
    ]


def profiled(known: Sequence[Anchor], profile: Sequence[Interval]) -> list[Anchor]:
    """Return what is known with what the profile tells between one place and the next."""
    ends = [*(one.at for one in known[1:]), known[-1].at]
    return [
        replace(
            one,
            profile=[i for i in profile if i.ends_at > one.at and i.starts_at < until],
        )
        for one, until in zip(known, ends, strict=True)
    ]


# From seven in the morning until nine at night: ten hours of T1, and four of T2.
READ = [shown(0, 3), shown(14, 10_003)]
PROFILE = intervals(*[100] * 10, *[2250] * 4)


@pytest.mark.parametrize(
    ("known", "profile", "t1", "t2", "estimated"),
    [
        pytest.param(READ, PROFILE, 1, 9, False, id="the profile tells the bands"),
        pytest.param(
            READ, intervals(*[100] * 10, *[2249] * 4), Decimal("1.0004"), None, False,
            id="the total holds where the profile is a little off",
        ),
        pytest.param(
            READ, intervals(*[200] * 10, *[2250] * 4), Decimal("7.142"), None, True,
            id="a profile that contradicts the total tells nothing",
        ),
        pytest.param(READ, PROFILE[:10], 1, 9, False, id="what a whole band lacks is of that band"),
        pytest.param(READ, PROFILE[:8], Decimal("3.866"), None, True, id="a gap across an edge"),
        pytest.param(READ, [], Decimal("7.142"), None, True, id="no profile"),
        pytest.param(
            [shown(0, 0), shown(10, 1_000), shown(14, 10_000)], [], 1, 9, True,
            id="readings at the edge, when the basis is the profile",
        ),
        pytest.param(
            [shown(0, 0, 0, 0, 0), shown(14, 10_000, 2_000, 8_000, 0)], [], 2, 8, True,
            id="the tariff registers, when the basis is the profile",
        ),
        pytest.param(
            [shown(0, 0, 0, 0, 0), shown(14, 10_000, 2_000, 8_000, 0)], PROFILE, 1, 9, False,
            id="the profile before the tariff registers",
        ),
    ],
)  # fmt: skip
def test_bands_by_the_profile(
    known: list[Anchor],
    profile: list[Interval],
    t1: Decimal | int,
    t2: Decimal | int | None,
    estimated: bool,
) -> None:
    made = bill(profiled(known, profile), [by_profile()], ISTANBUL)

    # Lines are of whole Wh.
    first = Decimal(int(Decimal(t1) * 1000)) / 1000
    second = Decimal(10) - first if t2 is None else Decimal(t2)
    energy = (first * 2 + second * 3) * Decimal("1.05") + 5
    assert days_of(made) == {DAY: int(energy * Decimal("1.2") * 1_000_000)}
    assert made.estimated == ({(ACCOUNT, DAY)} if estimated else set())


def test_readings_at_an_edge_tell_the_bands_where_the_total_is_the_basis() -> None:
    known = [shown(0, 0), shown(10, 1_000), shown(14, 10_000)]

    made = bill(known, [by_profile(basis=BillingBasis.TOTAL_REGISTER)], ISTANBUL)

    assert days_of(made) == {DAY: gross(t1=1, t2=9)}
    assert made.estimated == set()


@pytest.mark.parametrize("basis", list(BillingBasis))
def test_the_profile_splits_a_delta_at_a_change_of_price_on_each_basis(basis: BillingBasis) -> None:
    change = START + 10 * HOUR
    dear = replace(by_profile(change, basis=basis), version=None, price_per_kwh=Decimal(7))
    segments = [by_profile(ends_at=change, basis=basis), replace(dear, base_index_wh=None)]

    made = bill(profiled(READ, PROFILE), segments, ISTANBUL)

    assert days_of(made) == {DAY: gross(t1=1) + 9 * 7_000_000}
    assert made.estimated == set()


def test_the_profile_splits_between_two_flat_prices() -> None:
    change = START + 10 * HOUR
    segments = [at_one_price("2", START, change), at_one_price("5", change)]

    told, untold = (bill(known, segments, ISTANBUL) for known in (profiled(READ, PROFILE), READ))

    assert days_of(told) == {DAY: 2_000_000 + 45_000_000}
    assert told.estimated == set()
    # No reading stands there: a late one may still move it.
    assert told.bases[change] == Base(1_003, estimated=True)
    assert days_of(untold) == {DAY: 7_142 * 2_000 + 2_858 * 5_000}
    assert untold.estimated == {(ACCOUNT, DAY)}


def test_energy_is_split_as_its_charge_is() -> None:
    change = START + 10 * HOUR
    segments = [
        at_one_price("2", START, change),
        replace(at_one_price("5", change), account_id=NEIGHBOUR),
    ]

    made = used(profiled(READ, PROFILE), segments, ISTANBUL)

    assert made == {(ACCOUNT, DAY): 1_000, (NEIGHBOUR, DAY): 9_000}


def test_who_shares_a_meter_is_charged_by_its_profile_as_well() -> None:
    shares = ((ACCOUNT, 250_000), (NEIGHBOUR, 750_000))
    segments = [
        replace(
            by_profile(),
            account_id=account_id,
            portion=Portion(
                account_id=account_id, starts_at=START, ends_at=None, base_index_wh=0, shares=shares
            ),
        )
        for account_id, _ in shares
    ]

    made = charged(profiled(READ, PROFILE), segments, ISTANBUL)

    whole = gross(t1=1, t2=9)
    assert made.charges == {(ACCOUNT, DAY): whole // 4, (NEIGHBOUR, DAY): whole * 3 // 4}
    assert made.estimated == set()


energies = st.lists(st.integers(0, 2_000), min_size=48, max_size=48)


@EXAMPLES
@given(
    energies=energies,
    reads=st.sets(st.integers(1, 191), max_size=6),
    told=st.sets(st.integers(0, 47)),
    change=st.integers(1, 191),
    off=st.integers(-200, 2_000),
)
def test_slices_make_up_the_whole_to_the_last_digit(
    energies: list[int], reads: set[int], told: set[int], change: int, off: int
) -> None:
    quarter = timedelta(minutes=15)
    course = [
        sum(energies[: n // 4]) + energies[min(n // 4, 47)] * (n % 4) // 4 for n in range(193)
    ]
    total = course[192] + max(off, -(course[192] - course[191]))
    known = [
        Anchor(START + n * quarter, total if n == 192 else course[n])
        for n in sorted({0, 192, *reads})
    ]
    profile = [interval for n, interval in enumerate(intervals(*energies)) if n in told]
    anchors = profiled(known, profile)
    edge = START + change * quarter
    alike = [at_one_price("1", START, edge), at_one_price("1", edge)]

    made = used(anchors, alike, ISTANBUL)
    whole = bill(anchors, [at_one_price("1", START)], ISTANBUL)
    parts = bill(anchors, alike, ISTANBUL)

    assert sum(made.values()) == total
    assert sum_of(whole) == sum_of(parts) == total * 1_000


def sum_of(made: Bill) -> int:
    return sum(made.charges.values())
