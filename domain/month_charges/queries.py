"""What became of months at metering points, behind a caller's wall."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import orjson

from db.access import Connection
from db.enums import ComponentKind, LineUnit, NotJudged
from db.ids import AccountId, PointId
from domain.invoices.rules import Month
from domain.listing import Record, Wall, fetch
from domain.money import major
from domain.month_charges.netting import Netted
from domain.month_charges.stored import netting_kept

ACCOUNTS_MAX = 100
CHARGES_MAX = 1_000
RATIO_STEP = Decimal("0.000001")

VERDICTS = """
    select month_verdict.* from month_verdict
    join account on account.company_id = month_verdict.company_id
        and account.id = month_verdict.account_id
    where month_verdict.company_id = {company} and month_verdict.point_id = {point}
        and month_verdict.month = {month} and """
CHARGES = """
    select l.*, m.charged_at, c.currency from month_charge_line l
    join month_charge m on m.company_id = l.company_id and m.account_id = l.account_id
        and m.month = l.month and m.revision = l.revision
    join company c on c.id = l.company_id
    where l.company_id = {company} and l.account_id = {account} and l.point_id = {point}
        and l.month = {month}
    order by l.revision, l.line limit {limit}
"""
# To subscribers only of months in which an account of theirs paid for the metering point.
FAULT = """
    select f.reason, f.recorded_at
    from compensation_fault f join company c on c.id = f.company_id
    where f.company_id = {company} and f.point_id = {point} and f.month = {month}
        and f.revoked_at is null and ({subscriber}::int8 is null or exists (
            select from account_point ap
            join account a on a.company_id = ap.company_id and a.id = ap.account_id
            where ap.company_id = f.company_id and ap.point_id = f.point_id
                and a.subscriber_id = {subscriber}::int8
                and ap.started_at < (f.month + interval '1 month') at time zone c.time_zone
                and (ap.ended_at is null
                    or ap.ended_at > f.month::timestamp at time zone c.time_zone)))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """That a fault of compensation caused a violation, as somebody recorded."""

    reason: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a month of an account at a metering point: energies in Wh and varh.

    peaks_w: the highest demand by register, None where nobody can tell. netting: None where the
    tariff nets nothing.
    """

    account_id: AccountId
    point_id: PointId
    month: Month
    not_judged: NotJudged | None
    active_wh: int | None
    inductive_varh: int | None
    capacitive_varh: int | None
    inductive_limit: Decimal | None
    capacitive_limit: Decimal | None
    inductive_over: bool
    capacitive_over: bool
    charged_varh: int
    compensation_fault: bool
    waived: bool
    recalled_by: date | None
    peaks_w: Sequence[tuple[str, int | None]]
    netting: Netted | None
    judged_at: datetime

    def ratio(self, reactive_varh: int | None) -> Decimal | None:
        """Return how reactive energy relates to the active; None without any, or if not known."""
        if reactive_varh is None or not self.active_wh:
            return None
        return (Decimal(reactive_varh) / self.active_wh).quantize(RATIO_STEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedLine:
    """How much of a component a revision charged, or took back, before taxes."""

    revision: int
    charged_at: datetime
    component: str
    rate: str
    kind: ComponentKind
    quantity: Decimal
    unit: LineUnit
    price: Decimal
    amount: Decimal
    currency: str


async def verdicts(
    connection: Connection, *, point_id: PointId, month: Month, wall: Wall
) -> list[Verdict]:
    """Return what became of a month at a point, by account, as far as the wall lets through."""
    query = f"{VERDICTS}({wall.condition('account')}) order by account.id limit {{limit}}"
    values = {
        **wall.values,
        "point": point_id,
        "month": month.first,
        "limit": ACCOUNTS_MAX,
    }
    return [_verdict(row) for row in await fetch(connection, query, values)]


async def fault(
    connection: Connection, *, point_id: PointId, month: Month, wall: Wall
) -> Fault | None:
    """Return what is recorded of a month at a point that was seen behind the wall."""
    values = {**wall.values, "point": point_id, "month": month.first}
    for row in await fetch(connection, FAULT, values):
        return Fault(reason=row["reason"], recorded_at=row["recorded_at"])
    return None


async def charges(connection: Connection, verdict: Verdict, *, wall: Wall) -> list[ChargedLine]:
    """Return what a verdict that was seen behind the wall was charged, by revision."""
    values = {
        **wall.values,
        "account": verdict.account_id,
        "point": verdict.point_id,
        "month": verdict.month.first,
        "limit": CHARGES_MAX,
    }
    return [_charge(row) for row in await fetch(connection, CHARGES, values)]


def _verdict(row: Record) -> Verdict:
    reason = row["not_judged"]
    return Verdict(
        account_id=AccountId(row["account_id"]),
        point_id=PointId(row["point_id"]),
        month=Month(row["month"]),
        not_judged=None if reason is None else NotJudged(reason),
        active_wh=row["active_wh"],
        inductive_varh=row["inductive_varh"],
        capacitive_varh=row["capacitive_varh"],
        inductive_limit=row["inductive_limit"],
        capacitive_limit=row["capacitive_limit"],
        inductive_over=row["inductive_over"],
        capacitive_over=row["capacitive_over"],
        charged_varh=row["charged_varh"],
        compensation_fault=row["compensation_fault"],
        waived=row["waived"],
        recalled_by=row["recalled_by"],
        peaks_w=sorted(orjson.loads(row["peaks_w"]).items()),
        netting=netting_kept(row),
        judged_at=row["judged_at"],
    )


def _charge(row: Record) -> ChargedLine:
    return ChargedLine(
        revision=row["revision"],
        charged_at=row["charged_at"],
        component=row["component"],
        rate=row["rate"],
        kind=ComponentKind(row["kind"]),
        quantity=row["quantity"],
        unit=LineUnit(row["unit"]),
        price=row["price"],
        amount=major(row["amount_micro"]),
        currency=row["currency"],
    )
