"""Of which account's consumption a submeter's energy is no part, and by which prices."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from db.enums import ComponentKind, SlabPeriod
from db.ids import AccountId
from domain.billing.deductions import Above, by_energy_alone, deductions, net
from domain.billing.rules import Anchor, Base, Segment, bill
from domain.tariffs.components import Component, Flat, PerDay, Slab, Slabs, Version
from domain.tariffs.presets import TR_TAXES, tr_time_of_use

ISTANBUL = ZoneInfo("Europe/Istanbul")
START = datetime(2026, 3, 18, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHOP, MALL, OWNER = AccountId(1), AccountId(2), AccountId(3)
ENERGY = Component(name="Energy", kind=ComponentKind.ENERGY, shape=Flat(Decimal(2)))

Terms = tuple[int, int | None, int]


def own(starts: int = 0, ends: int | None = None, multiplier: str = "1") -> Segment:
    return Segment(
        starts_at=START + starts * HOUR,
        ends_at=None if ends is None else START + ends * HOUR,
        account_id=SHOP,
        price_per_kwh=Decimal(3),
        multiplier=Decimal(multiplier),
        base_index_wh=None,
    )


def above(
    distance: int = 1, starts: int = 0, ends: int | None = None, account_id: AccountId = MALL
) -> Above:
    return Above(
        distance=distance,
        starts_at=START + starts * HOUR,
        ends_at=None if ends is None else START + ends * HOUR,
        account_id=account_id,
        price_per_kwh=Decimal(2),
    )


@pytest.mark.parametrize(
    ("charged", "charging", "expected"),
    [
        pytest.param([own()], [], [], id="nobody above"),
        pytest.param([], [above()], [], id="nobody pays for the submeter"),
        pytest.param([own()], [above()], [(0, None, MALL)], id="all of it"),
        pytest.param([own(2, 6)], [above(1, 4)], [(4, 6, MALL)], id="from when it is paid above"),
        pytest.param([own(2, 6)], [above(1, 0, 3)], [(2, 3, MALL)], id="until it no longer is"),
        pytest.param([own(2, 6)], [above(1, 6)], [], id="only afterwards"),
        pytest.param(
            [own()],
            [above(2, 0, None, OWNER), above(1)],
            [(0, None, MALL)],
            id="from the nearest alone",
        ),
        pytest.param(
            [own()],
            [above(2, 0, None, OWNER), above(1, 2, 4)],
            [(0, 2, OWNER), (2, 4, MALL), (4, None, OWNER)],
            id="from the next while the nearest charges nobody",
        ),
        pytest.param(
            [own()],
            [above(1), above(2, 3, 5, OWNER)],
            [(0, None, MALL)],
            id="no cut where only something farther changes",
        ),
        pytest.param(
            [own(0, 3), own(3)],
            [above(1, 0, 5), above(1, 5, None, OWNER)],
            [(0, 3, MALL), (3, 5, MALL), (5, None, OWNER)],
            id="cut where either changes",
        ),
        pytest.param(
            [own()],
            [above(1, 0, None, SHOP)],
            [(0, None, SHOP)],
            id="from the same account: measured twice, paid once",
        ),
    ],
)
def test_a_submeter_is_deducted_from_the_nearest_that_charges(
    charged: list[Segment], charging: list[Above], expected: list[Terms]
) -> None:
    found = deductions(charged, charging)

    assert [_hours(piece) for piece in found] == expected


def _hours(piece: Segment) -> Terms:
    starts = (piece.starts_at - START) // HOUR
    return (
        starts,
        None if piece.ends_at is None else (piece.ends_at - START) // HOUR,
        (piece.account_id),
    )


def test_it_is_deducted_at_the_price_above_and_by_its_own_multiplier() -> None:
    (piece,) = deductions([own(multiplier="40")], [above()])

    assert (piece.price_per_kwh, piece.multiplier) == (Decimal(2), Decimal(40))


def test_what_one_account_pays_for_twice_is_paid_once() -> None:
    anchors = [Anchor(START, 0), Anchor(START + HOUR, 777)]
    terms = [replace(own(), base_index_wh=0)]
    same = replace(above(account_id=SHOP), price_per_kwh=Decimal(3))

    found = net(bill(anchors, terms, ISTANBUL), bill(anchors, deductions(terms, [same]), ISTANBUL))

    assert set(found.charges.values()) == {0}


def test_bases_of_both_bills_are_kept() -> None:
    anchors = [Anchor(START, 0), Anchor(START + 2 * HOUR, 1_000)]
    terms = [own()]

    found = net(
        bill(anchors, terms, ISTANBUL),
        bill(anchors, deductions(terms, [above(1, 1)]), ISTANBUL),
    )

    assert sorted(found.charges.items()) == [
        ((SHOP, START.date()), 3_000_000),
        ((MALL, START.date()), -1_000_000),
    ]
    assert found.bases == {START: Base(0, False), START + HOUR: Base(500, True)}


@pytest.mark.parametrize(
    ("shape", "stays"),
    [
        pytest.param(Flat(Decimal(2)), True, id="flat"),
        pytest.param(tr_time_of_use(Decimal(1), Decimal(2), Decimal(3)), True, id="by hours"),
        pytest.param(PerDay(Decimal(5)), False, id="by the day"),
        pytest.param(Slabs(SlabPeriod.MONTH, (Slab(None, Decimal(2)),)), False, id="slabs"),
    ],
)
def test_only_what_each_kilowatt_hour_costs_is_deducted(shape: Flat, stays: bool) -> None:
    component = replace(ENERGY, name="Other", shape=shape)
    version = Version(components=(ENERGY, component), taxes=TR_TAXES)

    found = by_energy_alone(version)

    assert found == replace(version, components=(ENERGY, component) if stays else (ENERGY,))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param(0, 1, False, id="before it begins"),
        pytest.param(1, 2, False, id="up to its beginning"),
        pytest.param(1, 3, True, id="across its beginning"),
        pytest.param(2, 3, False, id="from its beginning on"),
        pytest.param(3, 5, True, id="across its end"),
        pytest.param(4, 5, False, id="after it"),
        pytest.param(0, None, True, id="to the end of what is known"),
    ],
)
def test_late_energy_moves_later_deductions_where_terms_change(
    start: int, end: int | None, expected: bool
) -> None:
    one = above(1, 2, 4)

    found = one.unsettles(START + start * HOUR, None if end is None else START + end * HOUR)

    assert found is expected
