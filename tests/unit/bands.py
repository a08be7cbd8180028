"""A meter that counts three bands, and what they cost."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st

from db.enums import BillingBasis, ComponentKind
from db.ids import AccountId
from domain.billing.rules import Anchor, Bill, Segment, told_across
from domain.tariffs.components import Component, Flat, Version
from domain.tariffs.presets import TR_TAXES, tr_time_of_use

ISTANBUL, BERLIN = ZoneInfo("Europe/Istanbul"), ZoneInfo("Europe/Berlin")


ACCOUNT = AccountId(1)


BANDS = ("1.8.1", "1.8.2", "1.8.3")


HOURS = ((6, 17), (17, 22), (22, 6))


START = datetime(2026, 3, 16, 4, 0, tzinfo=UTC)  # seven o'clock in Istanbul


HOUR = timedelta(hours=1)


EXAMPLES = settings(deadline=None, max_examples=15)


PRICES = [Decimal("2.000000001"), Decimal(3), Decimal("0.777777777")]


prices = st.lists(st.decimals(min_value=0, max_value=9, places=9), min_size=3, max_size=3)


def version(three: Sequence[Decimal], grid: str = "0.5") -> Version:
    return Version(
        components=(
            Component(name="Energy", kind=ComponentKind.ENERGY, shape=tr_time_of_use(*three)),
            Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(Decimal(grid))),
        ),
        taxes=TR_TAXES,
    )


def segment(its: Version, starts_at: datetime = START, ends_at: datetime | None = None) -> Segment:
    return Segment(
        starts_at=starts_at,
        ends_at=ends_at,
        account_id=ACCOUNT,
        price_per_kwh=Decimal(0),
        multiplier=Decimal(1),
        base_index_wh=0,
        version=its,
        counted_from=START,
        basis=BillingBasis.TOU_REGISTERS,
        power_w_max=100_000,
    )


def shown(hours: float, total: int, *bands: int) -> Anchor:
    """Return what a meter shows some hours after the start; without bands, the total alone."""
    registers = dict(zip(BANDS, bands, strict=True)) if bands else {}
    return Anchor(START + hours * HOUR, total, registers)


def days_of(made: Bill) -> dict[date, int]:
    return {day: micro for (_, day), micro in made.charges.items() if micro}


def gross(*, t1: int = 0, t2: int = 0, t3: int = 0, grid: int | None = None) -> int:
    """Return what whole kWh cost at prices of 2, 3 and 1, and 0.5 for the grid."""
    energy = Decimal(t1 * 2 + t2 * 3 + t3) * Decimal("1.05")
    net = energy + Decimal("0.5") * (t1 + t2 + t3 if grid is None else grid)
    return int(net * Decimal("1.2") * 1_000_000)


WHOLE = version([Decimal(2), Decimal(3), Decimal(1)])


def changed(at: datetime, after: Version) -> list[Segment]:
    return told_across([segment(WHOLE, ends_at=at), segment(after, starts_at=at)])


registers = st.fixed_dictionaries({band: st.integers(0, 50_000) for band in BANDS})


def changed_alike(at: datetime, its: Version) -> list[Segment]:
    return told_across([segment(its, ends_at=at), segment(its, starts_at=at)])
