"""What a day that is over would have cost by prices, told apart as billing tells it apart."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from db.access import Connection
from db.enums import BillingBasis
from db.ids import AccountId, CompanyId, MeterId
from domain.billing.profiles import with_profile
from domain.billing.rules import Anchor
from domain.billing.version_registers import registers_of
from domain.billing.versions import Piece, priced
from domain.listing import Record
from domain.profiles.queries import with_profiles
from domain.tariffs.components import TOTAL_IMPORT, Slabs, Version
from domain.tariffs.flows import Span
from domain.tariffs.lines import Terms
from domain.tariffs.pricing import CourseMissing, is_monthly
from domain.tariffs.schedule import DAY, day_start, period_start

# How far from the edges of a day a reading may be to tell its energy.
MARGIN = timedelta(days=1)

INDEXES = """
    select meter_id, ts, max(index_wh) as index_wh from reading
    where company_id = $1 and meter_id = any($2::int8[]) and index_wh is not null
        and (ts between $3 and $4 or ts between $5 and $6)
    group by meter_id, ts order by meter_id, ts
"""
REGISTERS = """
    select r.meter_id, r.ts, shown.obis,
        max(shown.value / (10 ^ -shown.scaler)::int8) as index_wh
    from reading r
    join register_set s on s.company_id = r.company_id and s.id = r.register_set_id
    cross join lateral unnest(s.obis, s.scaler, s.unit, r."values")
        shown (obis, scaler, unit, value)
    where r.company_id = $1 and r.meter_id = any($2::int8[]) and r.index_wh is not null
        and r.ts between $3 and $4 and shown.obis = any($5::text[])
        and shown.unit in ('Wh', 'varh') and shown.value is not null and shown.scaler <= 0
    group by r.meter_id, r.ts, shown.obis order by r.meter_id, r.ts
"""


@dataclass(frozen=True, slots=True)
class Day:
    """A whole local day, and the prices to try, of which slabs begin to count before it."""

    span: Span
    counted_from: datetime
    zone: ZoneInfo
    versions: Sequence[Version]

    @classmethod
    def of(cls, day: date, zone: ZoneInfo, versions: Sequence[Version]) -> "Day":
        shapes = [component.shape for version in versions for component in version.components]
        periods = [shape.period for shape in shapes if isinstance(shape, Slabs)]
        first = min([day, *(period_start(day, period) for period in periods)])
        span = Span(day_start(day, zone), day_start(day + DAY, zone))
        return cls(span, day_start(first, zone), zone, versions)

    @property
    def around(self) -> Span:
        return Span(self.span.starts_at - MARGIN, self.span.ends_at + MARGIN)

    @property
    def needed(self) -> set[str]:
        """Registers besides the total without which a day cannot be priced at all."""
        components = [one for version in self.versions for one in version.components]
        named = {one.register for one in components if one.register and not is_monthly(one)}
        return named - {TOTAL_IMPORT}

    @property
    def told(self) -> list[str]:
        """Registers besides the total that any of the prices looks at."""
        groups = [group for version in self.versions for group in registers_of(version)]
        return sorted({*self.needed, *(register for group in groups for register in group)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """An account that pays for a meter. multiplier: with the account's share of the supply."""

    account_id: AccountId
    meter_id: MeterId
    basis: BillingBasis
    category: str | None
    multiplier: Decimal

    @classmethod
    def of(cls, row: Record) -> "Payer":
        return cls(
            account_id=AccountId(row["account_id"]),
            meter_id=MeterId(row["meter_id"]),
            basis=BillingBasis(row["billing_basis"]),
            category=row["category"],
            multiplier=row["multiplier"],
        )

    def costs_micro(self, known: Sequence[Anchor], day: Day) -> list[int] | None:
        """Return what the day costs by each of the prices, gross; None where readings lack."""
        if not _tells([(one.at, one.index_wh) for one in known], day.span):
            return None
        for register in day.needed:
            marks = [(o.at, o.registers[register]) for o in known if register in o.registers]
            if not _tells(marks, day.span):
                return None
        try:
            return [self._cost_micro(version, known, day) for version in day.versions]
        except CourseMissing:
            return None

    def _cost_micro(self, version: Version, known: Sequence[Anchor], day: Day) -> int:
        terms = Terms(
            span=day.span,
            counted_from=day.counted_from,
            version=version,
            multiplier=self.multiplier,
            basis=self.basis,
            category=self.category,
        )
        piece = Piece(terms=terms, starts_at=known[0].at, ends_at=None)
        return sum(line.gross_micro for line in priced(piece, known, day.zone).lines)


async def known_of(
    connection: Connection, company_id: CompanyId, meter_ids: Iterable[MeterId], day: Day
) -> dict[MeterId, list[Anchor]]:
    """Return what meters showed around a day and when slabs began, with their load profiles."""
    wanted = sorted(set(meter_ids))
    registers = await _registers(connection, company_id, wanted, day)
    found: dict[MeterId, list[Anchor]] = defaultdict(list)
    rows = await connection.fetch(
        INDEXES,
        company_id,
        wanted,
        *day.around,
        day.counted_from - MARGIN,
        day.counted_from + MARGIN,
    )
    for row in rows:
        meter_id, at = MeterId(row["meter_id"]), row["ts"]
        shown = registers.get((meter_id, at), {})
        found[meter_id].append(Anchor(at, row["index_wh"], shown))
    profiled = await with_profiles(
        connection,
        company_id=company_id,
        meter_ids=found,
        start=day.around.starts_at,
        end=day.around.ends_at,
    )
    for meter_id in profiled:
        found[meter_id] = await _profiled(connection, company_id, meter_id, found[meter_id], day)
    return found


async def _registers(
    connection: Connection, company_id: CompanyId, meter_ids: Sequence[MeterId], day: Day
) -> Mapping[tuple[MeterId, datetime], dict[str, int]]:
    shown: dict[tuple[MeterId, datetime], dict[str, int]] = defaultdict(dict)
    if day.told:
        for row in await connection.fetch(REGISTERS, company_id, meter_ids, *day.around, day.told):
            shown[row["meter_id"], row["ts"]][row["obis"]] = row["index_wh"]
    return shown


async def _profiled(
    connection: Connection,
    company_id: CompanyId,
    meter_id: MeterId,
    known: Sequence[Anchor],
    day: Day,
) -> list[Anchor]:
    """Return indexes with what the load profile tells around the day, where alone it matters."""
    since = day.around.starts_at
    around = await with_profile(
        connection,
        company_id=company_id,
        meter_id=meter_id,
        known=[one for one in known if one.at >= since],
    )
    return [*(one for one in known if one.at < since), *around]


def _tells(marks: Sequence[tuple[datetime, int]], span: Span) -> bool:
    """Whether indexes tell what flowed in a day: known at both ends, and never falling."""
    if not marks or marks[0][0] > span.starts_at or marks[-1][0] < span.ends_at:
        return False
    return all(before <= after for (_, before), (_, after) in pairwise(marks))
