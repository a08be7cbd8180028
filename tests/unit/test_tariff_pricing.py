"""Worked numbers for each rule of pricing."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from db.enums import (
    BillingBasis,
    ComponentKind,
    EnergyDirection,
    LineUnit,
    Quality,
    SlabPeriod,
    TariffDay,
    TaxPoint,
)
from domain.tariffs.components import (
    Band,
    Component,
    Flat,
    PerDay,
    Shape,
    Slab,
    Slabs,
    Tax,
    TimeOfUse,
    Version,
    Window,
    flat,
    simple_price,
)
from domain.tariffs.courses import Course, Interval, Mark, Span
from domain.tariffs.lines import (
    Line,
    TaxAmount,
    TaxesDiffer,
    Terms,
    rounded_micro,
    tax_due_micro,
    tax_in_top_up_micro,
)
from domain.tariffs.month_end import month_lines
from domain.tariffs.presets import EVERY_DAY, TR_REACTIVE, TR_TAXES, tr_time_of_use
from domain.tariffs.pricing import CourseMissing, lines
from domain.tariffs.reactive import Verdict

ISTANBUL = ZoneInfo("Europe/Istanbul")
BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = datetime(2026, 3, 17, 21, tzinfo=UTC)  # Wednesday, 18 March in Istanbul.
WEDNESDAY, THURSDAY = date(2026, 3, 18), date(2026, 3, 19)
HOUR = timedelta(hours=1)
KWH = 1000


def marks(*points: tuple[float, int]) -> list[Mark]:
    """Return marks at hours after midnight."""
    return [Mark(MIDNIGHT + hours * HOUR, index_wh) for hours, index_wh in points]


def energy(shape: Shape, *, register: str | None = "1.8.0") -> Component:
    return Component(name="Energy", kind=ComponentKind.ENERGY, shape=shape, register=register)


def terms(
    version: Version | Shape,
    *,
    from_hour: float = 0,
    until_hour: float = 24,
    counted_from: datetime = MIDNIGHT,
    multiplier: str = "1",
    basis: BillingBasis = BillingBasis.TOTAL_REGISTER,
    category: str | None = None,
) -> Terms:
    if not isinstance(version, Version):
        version = Version(components=(energy(version),))
    return Terms(
        span=Span(MIDNIGHT + from_hour * HOUR, MIDNIGHT + until_hour * HOUR),
        counted_from=counted_from,
        version=version,
        multiplier=Decimal(multiplier),
        basis=basis,
        category=category,
    )


def shown(made: Sequence[Line]) -> list[tuple[date, str, int, str, int]]:
    return [(one.day, one.rate, one.metered, str(one.price), one.amount_micro) for one in made]


def test_a_flat_price_is_charged_by_local_day() -> None:
    course = Course(marks=marks((0, 0), (24, 7 * KWH), (36, 10 * KWH)))

    made = lines(terms(Flat(Decimal("2.5")), until_hour=36), {"1.8.0": course}, ISTANBUL)

    assert shown(made) == [
        (WEDNESDAY, "", 7000, "2.5", 17_500_000),
        (THURSDAY, "", 3000, "2.5", 7_500_000),
    ]
    assert [one.quantity for one in made] == [Decimal(7), Decimal(3)]


def test_hours_take_their_own_prices() -> None:
    course = Course(marks=marks((0, 0), (6, 600), (17, 3000), (22, 6000), (24, 6200)))
    shape = tr_time_of_use(Decimal(2), Decimal(3), Decimal(1))

    made = lines(terms(shape), {"1.8.0": course}, ISTANBUL)

    assert shown(made) == [
        (WEDNESDAY, "T1", 2400, "2", 4_800_000),
        (WEDNESDAY, "T2", 3000, "3", 9_000_000),
        (WEDNESDAY, "T3", 800, "1", 800_000),
    ]
    assert {one.quality for one in made} == {Quality.ACTUAL}


def test_tariff_registers_can_be_what_is_billed() -> None:
    shape = tr_time_of_use(Decimal(2), Decimal(3), Decimal(1))
    courses = {
        "1.8.1": Course(marks=marks((0, 100), (24, 2500))),
        "1.8.2": Course(marks=marks((0, 0), (24, 3000))),
        "1.8.3": Course(marks=marks((0, 50), (24, 850))),
    }

    made = lines(terms(shape, basis=BillingBasis.TOU_REGISTERS), courses, ISTANBUL)

    assert [(one.rate, one.metered) for one in made] == [("T1", 2400), ("T2", 3000), ("T3", 800)]
    assert {one.quality for one in made} == {Quality.ACTUAL}


def test_intervals_can_be_what_is_billed_and_gaps_wait() -> None:
    course = Course.of_intervals(
        [
            Interval(MIDNIGHT, MIDNIGHT + HOUR, 100),
            Interval(MIDNIGHT + 5 * HOUR, MIDNIGHT + 7 * HOUR, 400),
        ]
    )
    shape = tr_time_of_use(Decimal(2), Decimal(3), Decimal(1))

    made = lines(terms(shape, basis=BillingBasis.INTERVAL), {"1.8.0": course}, ISTANBUL)

    assert [(one.rate, one.metered, one.quality) for one in made] == [
        ("T1", 200, Quality.ESTIMATED),
        ("T3", 300, Quality.ESTIMATED),
    ]


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param(date(2026, 3, 29), 23, id="23 hours"),
        pytest.param(date(2026, 10, 25), 25, id="25 hours"),
        pytest.param(date(2026, 6, 1), 24, id="24 hours"),
    ],
)
def test_a_day_of_any_length_costs_one_fixed_charge(day: date, hours: int) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)
    version = Version(components=(energy(PerDay(Decimal("1.25")), register=None),))
    span = Span(start, start + hours * HOUR)

    made = lines(Terms(span=span, counted_from=start, version=version), {}, BERLIN)

    assert [(one.day, one.metered, one.amount_micro) for one in made] == [(day, 1, 1_250_000)]
    assert made[0].unit is LineUnit.DAY


def test_a_fixed_charge_belongs_to_the_terms_at_the_beginning_of_the_day() -> None:
    version = Version(components=(energy(PerDay(Decimal(1)), register=None),))

    before = lines(terms(version, until_hour=30), {}, ISTANBUL)
    after = lines(terms(version, from_hour=30, until_hour=60), {}, ISTANBUL)

    assert [one.day for one in before] == [WEDNESDAY, THURSDAY]
    assert [one.day for one in after] == [date(2026, 3, 20)]


def two_slabs(period: SlabPeriod) -> Slabs:
    return Slabs(period, (Slab(Decimal(10), Decimal(1)), Slab(None, Decimal(2))))


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        pytest.param(
            SlabPeriod.MONTH,
            [
                (WEDNESDAY, "1", 8000, "1", 8_000_000),
                (THURSDAY, "1", 2000, "1", 2_000_000),
                (THURSDAY, "2", 4000, "2", 8_000_000),
            ],
            id="the first slab goes on over days of a month",
        ),
        pytest.param(
            SlabPeriod.DAY,
            [(WEDNESDAY, "1", 8000, "1", 8_000_000), (THURSDAY, "1", 6000, "1", 6_000_000)],
            id="each day begins anew",
        ),
    ],
)
def test_slabs_count_from_the_beginning_of_their_period(
    period: SlabPeriod, expected: list[tuple[date, str, int, str, int]]
) -> None:
    course = Course(marks=marks((0, 0), (24, 8 * KWH), (48, 14 * KWH)))

    made = lines(terms(two_slabs(period), until_hour=48), {"1.8.0": course}, ISTANBUL)

    assert shown(made) == expected


def test_a_new_month_begins_with_the_first_slab() -> None:
    start = datetime(2026, 3, 30, 21, tzinfo=UTC)  # 31 March in Istanbul.
    course = Course(marks=[Mark(start + n * 24 * HOUR, n * 12 * KWH) for n in range(3)])
    version = Version(components=(energy(two_slabs(SlabPeriod.MONTH)),))
    whole = Terms(span=course.span, counted_from=start, version=version)

    made = lines(whole, {"1.8.0": course}, ISTANBUL)

    assert [(one.day, one.rate, one.metered) for one in made] == [
        (date(2026, 3, 31), "1", 10_000),
        (date(2026, 3, 31), "2", 2_000),
        (date(2026, 4, 1), "1", 10_000),
        (date(2026, 4, 1), "2", 2_000),
    ]


def test_a_new_price_does_not_open_the_first_slab_again() -> None:
    course = Course(marks=marks((0, 0), (12, 9 * KWH), (24, 12 * KWH)))

    made = lines(terms(two_slabs(SlabPeriod.MONTH), from_hour=12), {"1.8.0": course}, ISTANBUL)

    assert [(one.rate, one.metered) for one in made] == [("1", 1000), ("2", 2000)]


def test_slabs_need_to_know_the_index_at_which_they_count() -> None:
    course = Course(marks=marks((12, 0), (24, 1)))

    with pytest.raises(CourseMissing):
        lines(terms(two_slabs(SlabPeriod.MONTH), from_hour=12), {"1.8.0": course}, ISTANBUL)


def test_slabs_may_end_within_a_metered_unit() -> None:
    course = Course(marks=marks((0, 0), (24, 4)))
    shape = Slabs(SlabPeriod.DAY, (Slab(Decimal(7), Decimal(1)), Slab(None, Decimal(2))))

    made = lines(terms(shape, multiplier="3000"), {"1.8.0": course}, ISTANBUL)

    assert [(one.rate, one.metered, one.quantity) for one in made] == [
        ("1", 2, Decimal(7)),
        ("2", 2, Decimal(5)),
    ]


def test_what_is_exported_is_paid_to_the_consumer_and_not_taxed() -> None:
    sold = Component(
        name="Sold",
        kind=ComponentKind.ENERGY,
        shape=Flat(Decimal("0.5")),
        direction=EnergyDirection.EXPORT,
        register="2.8.0",
    )
    version = Version(components=(sold,), taxes=TR_TAXES)

    made = lines(terms(version), {"2.8.0": Course(marks=marks((0, 0), (24, 3000)))}, ISTANBUL)

    assert [(one.amount_micro, one.taxes) for one in made] == [(-1_500_000, ())]


def test_energy_tax_is_on_energy_alone_and_vat_on_all_and_on_it() -> None:
    version = Version(
        components=(
            energy(Flat(Decimal(2))),
            Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(Decimal(1))),
        ),
        taxes=TR_TAXES,
    )

    made = lines(terms(version), {"1.8.0": Course(marks=marks((0, 0), (24, 10_000)))}, ISTANBUL)

    assert [(one.component, one.amount_micro, one.taxes, one.gross_micro) for one in made] == [
        (
            "Energy",
            20_000_000,
            (TaxAmount("BTV", 1_000_000), TaxAmount("VAT", 4_200_000)),
            25_200_000,
        ),
        ("Grid", 10_000_000, (TaxAmount("VAT", 2_000_000),), 12_000_000),
    ]


def test_the_exempt_pay_no_tax() -> None:
    tax = Tax(
        name="VAT",
        rate=Decimal("0.2"),
        on=frozenset(ComponentKind),
        exempt=frozenset({"EMBASSY"}),
    )
    version = Version(components=(energy(Flat(Decimal(1))),), taxes=(tax,))
    course = {"1.8.0": Course(marks=marks((0, 0), (24, 1000)))}

    taxes = [
        [one.tax_micro for one in lines(terms(version, category=category), course, ISTANBUL)]
        for category in (None, "EMBASSY")
    ]

    assert taxes == [[200_000], [0]]


@pytest.mark.parametrize(
    ("point", "at_top_up", "at_consumption"),
    [
        pytest.param(TaxPoint.TOP_UP, 20_000_000, 0, id="bought"),
        pytest.param(TaxPoint.CONSUMPTION, 0, 200_000, id="consumed"),
    ],
)
def test_tax_falls_due_at_one_point_and_not_at_the_other(
    point: TaxPoint, at_top_up: int, at_consumption: int
) -> None:
    tax = Tax(name="VAT", rate=Decimal("0.2"), on=frozenset(ComponentKind))
    version = Version(components=(energy(Flat(Decimal(1))),), taxes=(tax,), tax_point=point)
    course = {"1.8.0": Course(marks=marks((0, 0), (24, 1000)))}

    (made,) = lines(terms(version), course, ISTANBUL)

    assert made.gross_micro == 1_200_000
    assert tax_in_top_up_micro(version, 120_000_000) == at_top_up
    assert tax_due_micro(version, made, point=TaxPoint.CONSUMPTION) == at_consumption


def test_what_is_taxed_by_its_use_cannot_be_taxed_when_credit_is_bought() -> None:
    version = Version(
        components=(
            energy(Flat(Decimal(2))),
            Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(Decimal(1))),
        ),
        taxes=TR_TAXES,
        tax_point=TaxPoint.TOP_UP,
    )

    with pytest.raises(TaxesDiffer):
        tax_in_top_up_micro(version, 1_000_000)


def test_peaks_and_reactive_energy_are_due_at_the_end_of_the_month() -> None:
    version = Version(
        components=(
            Component(
                name="Demand",
                kind=ComponentKind.DEMAND,
                shape=Flat(Decimal(10)),
                register="1.6.0",
            ),
            Component(
                name="Reactive",
                kind=ComponentKind.REACTIVE,
                shape=Flat(Decimal("0.5")),
                register="3.8.0",
            ),
        ),
        reactive=TR_REACTIVE,
    )
    verdict = Verdict(inductive_ratio=None, capacitive_ratio=None, charged_varh=9000)
    last = date(2026, 3, 31)

    made = month_lines(
        terms(version, multiplier="2"), last, peaks_w={"1.6.0": 4500}, verdict=verdict
    )

    assert [(one.day, one.quantity, one.unit, one.amount_micro) for one in made] == [
        (last, Decimal(9), LineUnit.KW, 90_000_000),
        (last, Decimal(18), LineUnit.KVARH, 9_000_000),
    ]
    assert lines(terms(version), {}, ISTANBUL) == []


def test_a_component_without_its_register_is_not_guessed() -> None:
    with pytest.raises(CourseMissing):
        lines(terms(Flat(Decimal(1))), {"1.8.1": Course(marks=marks((0, 0)))}, ISTANBUL)


@pytest.mark.parametrize(
    ("quantity", "price", "expected"),
    [
        pytest.param("0.0000005", "1", 1, id="half a millionth goes up"),
        pytest.param("0.000000499999", "1", 0, id="less than half does not"),
        pytest.param("-0.0000005", "1", -1, id="away from zero"),
        pytest.param(
            "99999999999999.9999999",
            "999999999.999999999",
            99999999999999999899900000000,
            id="nothing is cut off",
        ),
    ],
)
def test_rounded_micro(quantity: str, price: str, expected: int) -> None:
    assert rounded_micro(Decimal(quantity), Decimal(price)) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param(flat(Decimal("2.5")), Decimal("2.5"), id="one price for energy"),
        pytest.param(Version(components=(), taxes=()), None, id="nothing"),
        pytest.param(
            Version(components=flat(Decimal(1)).components, taxes=TR_TAXES), None, id="taxed"
        ),
        pytest.param(
            Version(components=(energy(tr_time_of_use(*map(Decimal, (1, 1, 1)))),)),
            None,
            id="by the hour",
        ),
        pytest.param(
            Version(components=(energy(Flat(Decimal(1)), register="1.8.1"),)),
            None,
            id="another register",
        ),
    ],
)
def test_simple_price(version: Version, expected: Decimal | None) -> None:
    assert simple_price(version) == expected


def test_special_days_have_hours_of_their_own() -> None:
    weekdays = EVERY_DAY - {TariffDay.SPECIAL}
    shape = TimeOfUse(
        (
            Band("Day", Decimal(2), (Window(weekdays, 6 * 60, 22 * 60),)),
            Band(
                "Night",
                Decimal(1),
                (
                    Window(weekdays, 22 * 60, 6 * 60),
                    Window(frozenset({TariffDay.SPECIAL}), 0, 24 * 60),
                ),
            ),
        )
    )
    version = Version(components=(energy(shape),), special_days=frozenset({THURSDAY}))
    course = Course(marks=[Mark(MIDNIGHT + n * HOUR, n * 100) for n in range(49)])

    made = lines(terms(version, until_hour=48), {"1.8.0": course}, ISTANBUL)

    assert [(one.day, one.rate, one.metered) for one in made] == [
        (WEDNESDAY, "Day", 1600),
        (WEDNESDAY, "Night", 800),
        (THURSDAY, "Night", 2400),
    ]
