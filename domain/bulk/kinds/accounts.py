"""Open accounts as a table, a row for each metering point; and the tariffs that they name."""

from collections import Counter
from typing import Any

from db.access import Connection
from db.enums import BillingMode, Scope
from db.ids import AccountId, CompanyId
from domain.accounts import operations
from domain.bulk import readers
from domain.bulk.kind import Change, Column, Creation, Described, Judged, Kind, Reference, Verdict
from domain.bulk.kinds import metered
from domain.bulk.kinds.instants import judge_past

PREMISES_OF_POINT = "select premises_id from metering_point where company_id = $1 and id = $2"
POINTS = """
    select mp.code, b.name as branch, f.name as field, p.name as premises, (
            select max(coalesce(ap.ended_at, 'infinity')) from account_point ap
            where ap.company_id = mp.company_id and ap.point_id = mp.id) as paid_until
    from metering_point mp
    join premises p on p.company_id = mp.company_id and p.id = mp.premises_id
    join field f on f.company_id = p.company_id and f.id = p.field_id
    join branch b on b.company_id = f.company_id and b.id = f.branch_id
    where mp.company_id = $1 and mp.code = any($2::text[])
"""
CLOSED = """
    select number from account
    where company_id = $1 and number = any($2::text[]) and closed_at is not null
"""


async def _create(connection: Connection, new: Creation) -> int:
    points = {line["point_id"]: readers.wh(line["opening_index_kwh"]) for line in new.lines}
    premises_id = await connection.fetchval(
        PREMISES_OF_POINT, new.company_id, new.lines[0]["point_id"]
    )
    return await operations.add(
        connection,
        company_id=new.company_id,
        new=operations.NewAccount(premises_id=premises_id, **new.values),
        points=points,
        now=new.now,
    )


async def _change(connection: Connection, change: Change) -> None:
    # A transaction within the caller's.
    await operations.update(
        company_id=change.company_id,
        account_id=AccountId(change.row_id),
        expected_version=change.version,
        changes=change.changes,
        now=change.now,
    )


async def _lock(connection: Connection, company_id: CompanyId, new: list[Creation]) -> None:
    points = [line["point_id"] for one in new for line in one.lines]
    await metered.hold(connection, company_id, points)


async def _judge(connection: Connection, judged: Judged) -> list[Verdict]:
    codes = [line["point"] for one in judged.new for line in one.lines]
    rows = await connection.fetch(POINTS, judged.company_id, sorted(set(codes)))
    closed = await connection.fetch(
        CLOSED, judged.company_id, [one.values["number"] for one in judged.new]
    )
    points = _Points({row["code"]: row for row in rows}, Counter(codes), judged)
    numbers = {row["number"] for row in closed}
    verdicts = []
    for place, one in enumerate(judged.new):
        if one.values["number"] in numbers:
            verdicts.append(Verdict(place, "number", "ALREADY_EXISTS", {"field": "number"}))
        verdicts += judge_past(place, "opened_at", one.values["opened_at"], now=judged.now)
        verdicts += points.judged(place, one)
    return verdicts


class _Points:
    """The metering points that new accounts are to pay for."""

    def __init__(self, rows: dict[str, Any], wanted: Counter[str], judged: Judged) -> None:
        self._rows = rows
        self._wanted = wanted
        self._described = judged.all.get("metering_points", {})

    def judged(self, place: int, one: Described) -> list[Verdict]:
        verdicts, first = [], self._premises(one.lines[0]["point"])
        for number, line in enumerate(one.lines):
            row = self._rows.get(line["point"])
            paid_until = None if row is None else row["paid_until"]
            is_paid_for = paid_until is not None and paid_until > one.values["opened_at"]
            if is_paid_for or self._wanted[line["point"]] > 1:
                verdicts.append(Verdict(place, "point", "POINT_PAID_FOR", line=number))
            elif self._premises(line["point"]) != first:
                verdicts.append(Verdict(place, "point", "POINT_ELSEWHERE", line=number))
        return verdicts

    def _premises(self, code: str) -> tuple[str, str, str]:
        said = self._rows.get(code) or self._described[code,]
        return said["branch"], said["field"], said["premises"]


def _limit(name: str, meaning: str, example: str) -> Column:
    return Column(name=name, meaning=meaning, example=example, read=readers.money, clearable=True)


TARIFFS = Kind(
    name="tariffs",
    columns=(Column(name="name", meaning="What it is called.", example="Standard"),),
    key=("name",),
    source="select t.id, 1 as version, true as active, t.name from tariff t"
    " where t.company_id = {company}",
    wall="true",
    reads=Scope.ACCOUNTS_READ,
    writes=Scope.ACCOUNTS_WRITE,
    create=None,
)
ACCOUNTS = Kind(
    name="accounts",
    columns=(
        Column(
            name="number",
            meaning="What the company calls it; further rows of it add metering points.",
            example="A-1042",
            required=True,
        ),
        Column(
            name="subscriber",
            meaning="The reference of who pays.",
            example="S-1042",
            required=True,
        ),
        Column(name="tariff", meaning="At whose prices.", example="Standard", required=True),
        Column(
            name="billing_mode",
            meaning="PREPAID or POSTPAID; PREPAID if empty.",
            example="PREPAID",
            read=readers.word(BillingMode),
            changeable=False,
        ),
        _limit("warning_limit", "At which credit it is warned; the company's if empty.", "50"),
        _limit("cut_off_limit", "At which credit it has run out; the company's if empty.", "0"),
        _limit("reconnect_limit", "Above which supply comes back; the company's if empty.", "10"),
        Column(
            name="category",
            meaning="What taxes may exempt, as the tariff calls it; none if empty.",
            example="STREET_LIGHTING",
            check=operations.checked_category,
            changeable=False,
        ),
        metered.instant("opened_at", "From when on it pays"),
        metered.point("The code of a metering point that it pays for."),
        metered.index_kwh(
            "opening_index_kwh",
            "What the meter there showed when the account was opened, in kWh.",
        ),
    ),
    key=("number",),
    lines=("point", "opening_index_kwh"),
    references=(
        Reference(kind="subscribers", columns=("subscriber",), parameter="subscriber_id"),
        Reference(kind="tariffs", columns=("tariff",), parameter="tariff_id"),
        Reference(kind="metering_points", columns=("point",), parameter="point_id", in_line=True),
    ),
    source="""
        select a.id, a.version, true as active, a.number, s.reference as subscriber,
            t.name as tariff, a.billing_mode, a.warning_limit_micro / 1000000.0 as warning_limit,
            a.cut_off_limit_micro / 1000000.0 as cut_off_limit,
            a.reconnect_limit_micro / 1000000.0 as reconnect_limit,
            a.category, a.opened_at, mp.code as point,
            ap.opening_index_wh / 1000.0 as opening_index_kwh
        from account a
        join subscriber s on s.company_id = a.company_id and s.id = a.subscriber_id
        left join tariff t on t.company_id = a.company_id and t.id = a.tariff_id
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        join account_point ap on ap.company_id = a.company_id and ap.account_id = a.id
            and ap.ended_at is null and ap.share_ppm = 1000000
        join metering_point mp on mp.company_id = ap.company_id and mp.id = ap.point_id
        where a.company_id = {company} and a.closed_at is null""",
    wall="p.field_id in ({fields})",
    reads=Scope.ACCOUNTS_READ,
    writes=Scope.ACCOUNTS_WRITE,
    create=_create,
    change=_change,
    prepare=_lock,
    judge=_judge,
)
