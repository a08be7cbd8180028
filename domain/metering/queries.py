"""Reading premises, their metering points, and which meter is where."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from db.access import Connection
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
    columns=("id", "premises_id", "code", "role", "parent_id", "active", "version"),
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
    select mo.meter_id, mo.point_id, p.premises_id, ap.account_id
    from mounting mo
    join metering_point p on p.company_id = mo.company_id and p.id = mo.point_id
    left join account_point ap on ap.company_id = mo.company_id and ap.point_id = mo.point_id
        and tstzrange(ap.started_at, ap.ended_at) @> {now}::timestamptz
    where mo.company_id = {company} and tstzrange(mo.started_at, mo.ended_at) @> {now}::timestamptz
"""
ACCOUNTS_OF_POINTS = """
    select point_id, account_id from account_point
    where company_id = {company} and point_id = any({ids}::int8[])
        and tstzrange(started_at, ended_at) @> {now}::timestamptz
"""


@dataclass(frozen=True, slots=True)
class MeterPlace:
    """Where a meter is mounted now, and the account that pays there."""

    meter_id: int
    point_id: int
    premises_id: int
    account_id: int | None

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls(row["meter_id"], row["point_id"], row["premises_id"], row["account_id"])


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


async def accounts_of_points(
    connection: Connection, point_ids: Sequence[int], *, wall: Wall
) -> dict[int, int]:
    """Return the id of the account that pays for each point now."""
    values = {**wall.values, "ids": list(point_ids)}
    rows = await fetch(connection, ACCOUNTS_OF_POINTS, values)
    return {row["point_id"]: row["account_id"] for row in rows}
