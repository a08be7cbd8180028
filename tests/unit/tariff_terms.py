"""Terms and courses to price, and what lines of it show."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from db.enums import BillingBasis, ComponentKind
from domain.tariffs.components import Component, Shape, Version
from domain.tariffs.courses import Mark
from domain.tariffs.flows import Span
from domain.tariffs.lines import Line, Terms

ISTANBUL = ZoneInfo("Europe/Istanbul")
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
