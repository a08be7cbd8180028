"""Premises and their metering points as tables."""

from collections.abc import Mapping
from typing import Any

from db.access import Connection
from db.enums import PointRole, Scope
from db.ids import PointId
from domain import values
from domain.bulk import readers
from domain.bulk.kind import Change, Column, Judged, Kind, Reference, Verdict
from domain.bulk.operations import made_by
from domain.metering import points, premises

FIELDS_OF_POINTS = """
    select mp.code, b.name as branch, f.name as field from metering_point mp
    join premises p on p.company_id = mp.company_id and p.id = mp.premises_id
    join field f on f.company_id = p.company_id and f.id = p.field_id
    join branch b on b.company_id = f.company_id and b.id = f.branch_id
    where mp.company_id = $1 and mp.code = any($2::text[])
"""


async def _change_point(connection: Connection, change: Change) -> None:
    # A transaction within the caller's.
    await points.update(
        company_id=change.company_id,
        point_id=PointId(change.row_id),
        expected_version=change.version,
        changes=change.changes,
        now=change.now,
    )


async def _judge_parents(connection: Connection, judged: Judged) -> list[Verdict]:
    """Return the points whose parent is in another field, or below the point itself."""
    described = judged.all.get("metering_points", {})
    codes = sorted({one.values["parent"] for one in judged.new if one.values.get("parent")})
    rows = await connection.fetch(FIELDS_OF_POINTS, judged.company_id, codes)
    fields = {row["code"]: (row["branch"], row["field"]) for row in rows}
    fields |= {code: _field_of(said) for (code,), said in described.items() if "field" in said}
    circles = in_circles({code: said.get("parent") for (code,), said in described.items()})
    verdicts = []
    for place, one in enumerate(judged.new):
        parent = one.values.get("parent")
        if parent is None:
            continue
        if one.values["code"] in circles:
            verdicts.append(Verdict(place, "parent", "POINTS_IN_CIRCLE"))
        elif fields.get(parent) != _field_of(one.values):
            verdicts.append(Verdict(place, "parent", "OTHER_FIELD"))
    return verdicts


def _field_of(said: Mapping[str, Any]) -> tuple[str, str]:
    return said["branch"], said["field"]


def in_circles(parents: Mapping[str, str | None]) -> set[str]:
    """Return the points that are above themselves; each point is gone through once."""
    begun_at: dict[str, str] = {}
    circles: set[str] = set()
    for start in parents:
        way: list[str] = []
        point: str | None = start
        while point is not None and point not in begun_at:
            begun_at[point] = start
            way.append(point)
            point = parents.get(point)
        if point is not None and begun_at[point] == start:
            circles.update(way[way.index(point) :])
    return circles


BRANCH = Column(name="branch", meaning="The branch of the field.", example="North", required=True)
FIELD = Column(name="field", meaning="The field that it is in.", example="Mall", required=True)

PREMISES = Kind(
    name="premises",
    columns=(
        BRANCH,
        FIELD,
        Column(
            name="name",
            meaning="What the office or shop is called; no other of its field is.",
            example="Shop 12",
            required=True,
            check=values.name,
        ),
    ),
    key=("branch", "field", "name"),
    references=(Reference(kind="fields", columns=("branch", "field"), parameter="field_id"),),
    source="""
        select p.id, p.version, p.active, b.name as branch, f.name as field, p.name
        from premises p
        join field f on f.company_id = p.company_id and f.id = p.field_id
        join branch b on b.company_id = f.company_id and b.id = f.branch_id
        where p.company_id = {company}""",
    wall="p.field_id in ({fields})",
    reads=Scope.PREMISES_READ,
    writes=Scope.PREMISES_WRITE,
    create=made_by(premises.add),
)
METERING_POINTS = Kind(
    name="metering_points",
    columns=(
        BRANCH,
        FIELD,
        Column(name="premises", meaning="What it measures.", example="Shop 12", required=True),
        Column(
            name="code",
            meaning="Its number (tesisat); no other has it.",
            example="4001234567",
            required=True,
            check=values.name,
        ),
        Column(
            name="role",
            meaning="BILLING, CHECK, FEEDER, COMMON_AREA or GENERATION; BILLING if empty.",
            example="BILLING",
            read=readers.word(PointRole),
        ),
        Column(
            name="parent",
            meaning="The code of the point that its energy comes through.",
            example="4001234500",
        ),
        Column(
            name="installed_kva",
            meaning="Installed power; empty while nobody knows.",
            example="160",
            read=readers.decimal,
            check=values.power,
        ),
        Column(
            name="connection_kw",
            meaning="The power that the connection was agreed for; empty while nobody knows.",
            example="120",
            read=readers.decimal,
            check=values.power,
        ),
        Column(
            name="phases",
            meaning="1 or 3; empty while nobody knows.",
            example="3",
            read=readers.whole_number,
            check=values.phases,
        ),
    ),
    key=("code",),
    references=(
        Reference(
            kind="premises", columns=("branch", "field", "premises"), parameter="premises_id"
        ),
        Reference(
            kind="metering_points", columns=("parent",), parameter="parent_id", required=False
        ),
    ),
    source="""
        select mp.id, mp.version, mp.active, b.name as branch, f.name as field,
            p.name as premises, mp.code, mp.role, q.code as parent, mp.installed_kva,
            mp.connection_kw, mp.phases
        from metering_point mp
        join premises p on p.company_id = mp.company_id and p.id = mp.premises_id
        join field f on f.company_id = p.company_id and f.id = p.field_id
        join branch b on b.company_id = f.company_id and b.id = f.branch_id
        left join metering_point q on q.company_id = mp.company_id and q.id = mp.parent_id
        where mp.company_id = {company}""",
    wall="p.field_id in ({fields})",
    reads=Scope.PREMISES_READ,
    writes=Scope.PREMISES_WRITE,
    create=made_by(points.add),
    change=_change_point,
    lock=points.LOCK_TREES,
    judge=_judge_parents,
)
