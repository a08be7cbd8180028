"""Reading indicators: money, energy and standings, by company, branch or field, in buckets of days.

Every figure is a sum of sums; what is posted and not folded into them yet is added.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from db.access import Connection
from db.enums import JournalKind, LedgerAccountKind, Segment
from domain.analytics.folding import COUNTED, counted_lines
from domain.analytics.rules import MONEY_SIDES, RUN_OUT_DAYS, IndicatorGrouping
from domain.listing import Record, Values, Wall, fetch
from domain.money import major

ZERO = Decimal(0)
CELLS_MAX = 10_000

KEYS = {
    IndicatorGrouping.COMPANY: "0::int8",
    IndicatorGrouping.BRANCH: "f.branch_id",
    IndicatorGrouping.FIELD: "f.id",
}
WAITING = "(select * from unsummed_journal where company_id = {company})"
LOOKS = """
    select width_bucket(d.local_date, {edges}::date[]) as bucket,
        bool_and(m.opened is not distinct from d.opened) as is_settled,
        min(m.as_of) filter (where m.opened is distinct from d.opened) as as_of
    from charged_day d
    left join measured_day m on m.company_id = d.company_id and m.local_date = d.local_date
    where d.company_id = {company} and d.local_date >= ({edges}::date[])[1]
        and d.local_date < {end}::date
    group by 1
"""
RUN_OUTS = ", ".join(f"sum(run_outs[{n}])::int8" for n in range(1, len(RUN_OUT_DAYS) + 2))


@dataclass(frozen=True, slots=True)
class Movement:
    """What the entries of a kind of transaction come to on one side of the books.

    debited, credited: both at least zero. debits, credits: how many entries.
    """

    kind: JournalKind
    side: LedgerAccountKind
    debited: Decimal
    credited: Decimal
    debits: int
    credits: int
    is_placeless: bool

    @property
    def is_payment(self) -> bool:
        """Whether somebody paid it; what moves between the company's own sides nobody did."""
        return self.side in MONEY_SIDES and not self.is_placeless


@dataclass(frozen=True, slots=True)
class Standing:
    """How accounts stood at an instant. below_warning: prepaid ones at or below their limit.

    daily_use: what a day costs all of them. run_outs: prepaid ones by the span of RUN_OUT_DAYS in
    which their credit ends, the last of which has no end; run_out_days: the mean, None of nobody.
    """

    as_of: datetime
    segments: dict[Segment, int]
    below_warning: int
    balance: Decimal
    debt: Decimal
    emergency_used: Decimal
    in_flight: Decimal
    daily_use: Decimal
    run_outs: Sequence[int]
    run_out_days: Decimal | None


@dataclass(frozen=True, slots=True)
class Charged:
    """What energy came to.

    is_settled: every charge is in it, until readings come late. as_of: when the day of it that was
    looked at longest ago was; None when it is settled, or nobody has looked yet.
    """

    amount: Decimal
    energy_wh: Decimal
    is_settled: bool
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """Local days from the first to before `end`. standing: at its end; None if nobody looked."""

    first: date
    end: date
    movements: Sequence[Movement]
    charged: Charged
    standing: Standing | None

    @property
    def paid(self) -> Decimal:
        return sum((one.debited for one in self._payments), ZERO)

    @property
    def paid_back(self) -> Decimal:
        return sum((one.credited for one in self._payments), ZERO)

    @property
    def payments(self) -> int:
        return sum(one.debits for one in self._payments)

    @property
    def _payments(self) -> list[Movement]:
        return [one for one in self.movements if one.is_payment]


@dataclass(frozen=True, slots=True)
class Group:
    """The indicators of a branch or field, or of all that the caller sees. id: 0 for all."""

    id: int
    currency: str
    buckets: Sequence[Bucket]


class TooManyCells(Exception):
    """So many buckets of so many groups are more than may be asked for at once."""

    def __init__(self, cells: int) -> None:
        super().__init__(str(cells))
        self.cells = cells


async def indicators(
    connection: Connection, edges: Sequence[date], *, by: IndicatorGrouping, wall: Wall
) -> list[Group]:
    """Return the indicators of what the wall lets through, of buckets between edges.

    :raises TooManyCells: there are more than CELLS_MAX
    """
    key = KEYS[by]
    groups = await fetch(connection, _groups(key, wall), wall.values)
    cells = len(groups) * (len(edges) - 1)
    if cells > CELLS_MAX:
        raise TooManyCells(cells)
    values = {**wall.values, "edges": edges[:-1], "ends": edges[1:], "end": edges[-1]}
    movements = await _movements(connection, _money(key, wall), values)
    # First when it was looked, then what was seen: at worst that is newer than it says.
    looks = {row["bucket"]: row for row in await fetch(connection, LOOKS, values)}
    charged = await _cells(connection, _charges(key, wall), values)
    standings = await _cells(connection, _standings(key, wall), values)
    return [
        Group(
            group["id"],
            group["currency"],
            [
                Bucket(
                    first,
                    end,
                    movements[group["id"], place],
                    _charged(charged.get((group["id"], place)), looks.get(place)),
                    _standing(standings.get((group["id"], place))),
                )
                for place, (first, end) in enumerate(pairwise(edges), start=1)
            ],
        )
        for group in groups
    ]


async def _movements(
    connection: Connection, template: str, values: Values
) -> dict[tuple[int, int], list[Movement]]:
    found: dict[tuple[int, int], list[Movement]] = defaultdict(list)
    for row in await fetch(connection, template, values):
        found[row["id"], row["bucket"]].append(
            Movement(
                JournalKind(row["kind"]),
                LedgerAccountKind(row["side"]),
                row["debited"],
                row["credited"],
                row["debits"],
                row["credits"],
                row["is_placeless"],
            )
        )
    return found


async def _cells(
    connection: Connection, template: str, values: Values
) -> dict[tuple[int, int], Record]:
    rows = await fetch(connection, template, values)
    return {(row["id"], row["bucket"]): row for row in rows}


def _charged(row: Record | None, look: Record | None) -> Charged:
    amount, energy_wh = ZERO, ZERO
    if row is not None:
        amount, energy_wh = major(row["charged_micro"]), row["energy_wh"]
    if look is None:
        return Charged(amount, energy_wh, is_settled=True, as_of=None)
    return Charged(amount, energy_wh, look["is_settled"], look["as_of"])


def _standing(row: Record | None) -> Standing | None:
    if row is None:
        return None
    known = sum(row["run_outs"])
    return Standing(
        as_of=row["as_of"],
        segments={one: row[one.lower()] for one in Segment},
        below_warning=row["below_warning"],
        balance=major(row["balance_micro"]),
        debt=major(row["debt_micro"]),
        emergency_used=major(row["emergency_used_micro"]),
        in_flight=major(row["in_flight_micro"]),
        daily_use=major(row["daily_use_micro"]),
        run_outs=row["run_outs"],
        run_out_days=row["run_out_days"] / known if known else None,
    )


# Each table is called as the wall's conditions speak of it.


def _groups(key: str, wall: Wall) -> str:
    return f"""
    select {key} as id, c.currency
    from field
    join field f on f.company_id = field.company_id and f.id = field.id
    join company c on c.id = field.company_id
    where field.company_id = {{company}} and {wall.condition("field")}
    group by 1, 2 order by 1"""


def _money(key: str, wall: Wall) -> str:
    """Return the query of movements; those of no field are the company's alone."""
    seen = wall.condition("money_sum")
    days = "local_date >= ({edges}::date[])[1] and local_date < {end}::date"
    return f"""
    with part as (
        select field_id, local_date, kind, side, debited, credited, debits, credits
        from money_sum where company_id = {{company}} and {days} and {seen}
        union all
        select field_id, local_date, kind, side, {COUNTED}
        from ({counted_lines(WAITING)}) money_sum where {days} and {seen}
        group by field_id, local_date, kind, side
    )
    select {key} as id, width_bucket(local_date, {{edges}}::date[]) as bucket, kind, side,
        part.field_id is null as is_placeless, sum(debited) as debited,
        sum(credited) as credited, sum(debits)::int8 as debits, sum(credits)::int8 as credits
    from part left join field f on f.company_id = {{company}} and f.id = part.field_id
    group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5"""


def _charges(key: str, wall: Wall) -> str:
    return f"""
    select {key} as id, width_bucket(charge_sum.local_date, {{edges}}::date[]) as bucket,
        sum(charged_micro)::int8 as charged_micro, sum(energy_wh) as energy_wh
    from charge_sum
    join field f on f.company_id = charge_sum.company_id and f.id = charge_sum.field_id
    where charge_sum.company_id = {{company}}
        and charge_sum.local_date >= ({{edges}}::date[])[1]
        and charge_sum.local_date < {{end}}::date and {wall.condition("charge_sum")}
    group by 1, 2"""


def _standings(key: str, wall: Wall) -> str:
    """Return the query of how accounts stood on the last day of each bucket that has any."""
    return f"""
    with looked as (
        select bucket::int4, (
            select s.local_date from standing_sum s
            where s.company_id = {{company}} and s.local_date >= first and s.local_date < ends
            order by s.local_date desc limit 1) as local_date
        from unnest({{edges}}::date[], {{ends}}::date[]) with ordinality e (first, ends, bucket)
    )
    select {key} as id, bucket, min(as_of) as as_of, sum(no_energy)::int8 as no_energy,
        sum(invoiced)::int8 as invoiced, sum(warning_limit)::int8 as warning_limit,
        sum(credit)::int8 as credit, sum(below_warning)::int8 as below_warning,
        sum(balance_micro) as balance_micro, sum(debt_micro) as debt_micro,
        sum(emergency_used_micro) as emergency_used_micro,
        sum(in_flight_micro) as in_flight_micro, sum(daily_use_micro) as daily_use_micro,
        sum(run_out_days) as run_out_days, array[{RUN_OUTS}] as run_outs
    from looked
    join standing_sum on standing_sum.company_id = {{company}}
        and standing_sum.local_date = looked.local_date
    join field f on f.company_id = standing_sum.company_id and f.id = standing_sum.field_id
    where {wall.condition("standing_sum")}
    group by 1, 2"""
