"""What is customary in a country, as data to begin with; each company confirms its own. Pure."""

from datetime import date
from decimal import Decimal

from db.enums import ComponentKind, TariffDay
from domain.tariffs.components import Band, Tax, TimeOfUse, Window
from domain.tariffs.reactive import LimitClass, ReactiveRules

EVERY_DAY = frozenset(TariffDay)
# Name, register, first and last hour by the clock on the wall.
TR_HOURS = (("T1", "1.8.1", 6, 17), ("T2", "1.8.2", 17, 22), ("T3", "1.8.3", 22, 6))
TR_TAXES = (
    Tax(name="BTV", rate=Decimal("0.05"), on=frozenset({ComponentKind.ENERGY})),
    Tax(
        name="VAT",
        rate=Decimal("0.20"),
        on=frozenset(ComponentKind),
        on_taxes=frozenset({"BTV"}),
    ),
)
TR_REACTIVE = ReactiveRules(
    valid_from=date(2026, 1, 1),
    classes=(
        LimitClass(Decimal(0), inductive=Decimal("0.33"), capacitive=Decimal("0.20")),
        LimitClass(Decimal(50), inductive=Decimal("0.20"), capacitive=Decimal("0.15")),
    ),
    exempt=frozenset({"RESIDENTIAL", "LIGHTING"}),
    single_phase_exempt=True,
    connection_kw_exempt=Decimal(9),
    waived_faults_a_year=1,
    waiver_ends_with_the_next=True,
)


def tr_time_of_use(*prices: Decimal) -> TimeOfUse:
    """Return the Turkish three rates. prices: of T1, T2 and T3."""
    return TimeOfUse(
        tuple(
            Band(name, price, (Window(EVERY_DAY, first * 60, last * 60),), register)
            for (name, register, first, last), price in zip(TR_HOURS, prices, strict=True)
        )
    )
