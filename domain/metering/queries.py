"""Reading premises, their metering points, and which meter is where."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from db.access import Connection
from domain.billing.portions import WHOLE_PPM
from domain.listing import Listing, Record, Relation, Wall, fetch
from domain.metering.facets import MOUNTING_FACETS, POINT_FACETS, PREMISES_FACETS

PREMISES = Listing(
    table="premises",
    columns=("id", "field_id", "name", "active", "owner_account_id", "version"),
    facets=PREMISES_FACETS,
    order="name",
)
POINTS = Listing(
    table="metering_point",
    columns=(
        "id",
        "premises_id",
        "code",
        "role",
        "parent_id",
        "installed_kva",
        "connection_kw",
        "phases",
        "active",
        "version",
    ),
    facets=POINT_FACETS,
    order="code",
)
MOUNTINGS = Listing(
    table="mounting",
    columns=(
        "id",
        "meter_id",
        "point_id",
        "multiplier",
        "started_at",
        "initial_index_wh",
        "ended_at",
        "final_index_wh",
    ),
    facets=MOUNTING_FACETS,
    order="started_at",
)

PREMISES_OF_FIELD = Relation(PREMISES, "premises.field_id = parent.id")
POINTS_OF_PREMISES = Relation(POINTS, "metering_point.premises_id = parent.id")
POINTS_OF_PARENT = Relation(POINTS, "metering_point.parent_id = parent.id")
MOUNTINGS_OF_POINT = Relation(MOUNTINGS, "mounting.point_id = parent.id")
MOUNTINGS_OF_METER = Relation(MOUNTINGS, "mounting.meter_id = parent.id")

PLACES = """
    select mo.meter_id, mo.point_id, p.premises_id, ap.account_id, exists (
            select from account_point s
            where s.company_id = mo.company_id and s.point_id = mo.point_id
                and s.share_ppm < 1000000
                and tstzrange(s.started_at, s.ended_at) @> {now}::timestamptz) as is_shared
    from mounting mo
    join metering_point p on p.company_id = mo.company_id and p.id = mo.point_id
    left join account_point ap on ap.company_id = mo.company_id and ap.point_id = mo.point_id
        and tstzrange(ap.started_at, ap.ended_at) @> {now}::timestamptz and ap.share_ppm = 1000000
    where mo.company_id = {company} and tstzrange(mo.started_at, mo.ended_at) @> {now}::timestamptz
"""
PAYERS_OF_POINTS = """
    select point_id, account_id, share_ppm, started_at from account_point
    where company_id = {company} and point_id = any({ids}::int8[])
        and tstzrange(started_at, ended_at) @> {now}::timestamptz
    order by point_id, share_ppm desc, account_id
"""


@dataclass(frozen=True, slots=True)
class MeterPlace:
    """Where a meter is mounted now, and the account that pays there; None where several do."""

    meter_id: int
    point_id: int
    premises_id: int
    account_id: int | None
    is_shared: bool

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(
            meter_id=row["meter_id"],
            point_id=row["point_id"],
            premises_id=row["premises_id"],
            account_id=row["account_id"],
            is_shared=row["is_shared"],
        )


@dataclass(frozen=True, slots=True)
class Payer:
    """An account that pays for a point now, and its share in millionths."""

    account_id: int
    share_ppm: int
    started_at: datetime

    @property
    def pays_alone(self) -> bool:
        return self.share_ppm == WHOLE_PPM


async def places_of_meters(
    connection: Connection, meter_ids: Sequence[int], *, wall: Wall
) -> dict[int, MeterPlace]:
    """Return where meters are now; those that are nowhere are left out.

    These are bare ids: whether the caller may see what they name is for `by_ids` to say.
    """
    template = f"{PLACES} and mo.meter_id = any({{ids}}::int8[])"
    rows = await fetch(connection, template, {**wall.values, "ids": list(meter_ids)})
    return {row["meter_id"]: MeterPlace.of(row) for row in rows}


async def meters_of_points(
    connection: Connection, point_ids: Sequence[int], *, wall: Wall
) -> dict[int, int]:
    """Return the id of the meter now mounted at each point."""
    template = f"{PLACES} and mo.point_id = any({{ids}}::int8[])"
    rows = await fetch(connection, template, {**wall.values, "ids": list(point_ids)})
    return {row["point_id"]: row["meter_id"] for row in rows}


async def payers_of_points(
    connection: Connection, point_ids: Sequence[int], *, wall: Wall
) -> dict[int, list[Payer]]:
    """Return who pays for each point now, the largest share first. These, too, are bare ids."""
    values = {**wall.values, "ids": list(point_ids)}
    found: dict[int, list[Payer]] = defaultdict(list)
    for row in await fetch(connection, PAYERS_OF_POINTS, values):
        payer = Payer(row["account_id"], row["share_ppm"], row["started_at"])
        found[row["point_id"]].append(payer)
    return found
