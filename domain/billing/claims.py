"""Indexes that people read off meters: when one is mounted, is removed, or gets another payer."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from asyncpg import Record

from domain.billing.rules import Anchor
from domain.metering.rules import Course, Fault, Known, judged_index
from domain.refusals import Refused
from domain.units import WH_PER_KWH


class AlreadyBilled(Refused):
    """Readings after that instant, which is the fact `until`, are in the books already."""


class IndexOutOfRange(Refused):
    """The meter's register cannot show that index; the fact `highest` is the last that it can."""


class IndexContradicts(Refused):
    """The meter had another index at that very instant: the fact `known`."""


class IndexFell(Refused):
    """The index is below one that the meter had before, and nobody says that it rolled over."""


class IndexImplausible(Refused):
    """The meter cannot have carried that much energy since the fact `known`."""


FAULTS: dict[Fault, type[Refused]] = {
    Fault.OUT_OF_RANGE: IndexOutOfRange,
    Fault.CONTRADICTS: IndexContradicts,
    Fault.FELL: IndexFell,
    Fault.IMPLAUSIBLE: IndexImplausible,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What somebody says a meter's total register showed at an instant.

    at: UTC. index_wh: as the register shows it. at_path, index_path: where the input says so.
    """

    at: datetime
    index_wh: int
    course: Course
    at_path: tuple[str, ...]
    index_path: tuple[str, ...]


def judged(claim: Claim, state: Record) -> Anchor:
    """Return what is claimed as a place on the course that the meter is known to have taken.

    :raises AlreadyBilled, IndexOutOfRange, IndexContradicts, IndexFell, IndexImplausible: it
        cannot be true, or comes too late
    """
    known_at, known_wh = state["billed_at"], state["billed_index_wh"]
    if known_at is not None and known_at > claim.at:
        raise AlreadyBilled(*claim.at_path, until=known_at.isoformat())
    index_wh = judged_index(
        claim.index_wh,
        known=None if known_at is None else Known(known_wh, claim.at - known_at),
        course=claim.course,
        register_range_wh=state["register_range_wh"],
        power_w_max=state["power_w_max"],
    )
    if isinstance(index_wh, Fault):
        range_wh = state["register_range_wh"]
        raise FAULTS[index_wh](
            *claim.index_path,
            known=_shown((known_wh or 0) % range_wh),
            highest=_shown(range_wh - 1),
        )
    return Anchor(claim.at, index_wh)


def _shown(index_wh: int) -> str:
    """Return an index in kWh, as the register shows it."""
    return str(Decimal(index_wh) / WH_PER_KWH)
