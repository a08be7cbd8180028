"""What falls due when a billing month has ended: the peak of demand, and reactive energy. Pure."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from db.enums import ComponentKind, LineUnit
from domain.tariffs.components import Component, Flat
from domain.tariffs.lines import Line, Terms, line
from domain.tariffs.pricing import is_monthly
from domain.tariffs.reactive import Verdict

W_PER_KW = 1000
VARH_PER_KVARH = 1000


def month_lines(
    terms: Terms, last_day: date, *, peaks_w: Mapping[str, int], verdict: Verdict | None
) -> list[Line]:
    """Return what a month is charged for as a whole, dated its last local day.

    terms: those that hold at the month's end. peaks_w: the month's highest demand by register.
    verdict: what its reactive energy is charged; None leaves every such component out.
    """
    made = []
    for component in terms.version.components:
        if not is_monthly(component) or not isinstance(component.shape, Flat):
            continue
        if component.kind is ComponentKind.DEMAND:
            peak_w = peaks_w.get(component.register or "", 0)
            made.append(_line(terms, component, last_day, peak_w, LineUnit.KW))
        elif verdict is not None:
            made.append(_line(terms, component, last_day, verdict.charged_varh, LineUnit.KVARH))
    return [one for one in made if one.metered]


def _line(terms: Terms, component: Component, day: date, metered: int, unit: LineUnit) -> Line:
    assert isinstance(component.shape, Flat)  # noqa: S101 - month_lines asks for no other shape
    per_unit = W_PER_KW if unit is LineUnit.KW else VARH_PER_KVARH
    return line(
        terms,
        component,
        day,
        price=component.shape.price,
        metered=metered,
        quantity=metered * terms.multiplier / Decimal(per_unit),
        unit=unit,
    )
