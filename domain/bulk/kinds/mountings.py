"""Which meter is mounted where, as a table. What was mounted before is not part of it."""

from collections import Counter
from typing import Any

from db.access import Connection
from db.enums import Scope
from db.ids import CompanyId
from domain import values
from domain.bulk import readers
from domain.bulk.kind import Column, Creation, Judged, Kind, Reference, Verdict
from domain.bulk.kinds import metered
from domain.bulk.kinds.instants import judge_past
from domain.metering import mountings

TAKEN = """
    select given.place, exists (
            select from meter m join mounting mo on mo.company_id = m.company_id
                and mo.meter_id = m.id and (mo.ended_at is null or mo.ended_at > given.started_at)
            where m.company_id = $1 and m.serial = given.meter) as is_meter_taken,
        exists (
            select from metering_point mp join mounting mo on mo.company_id = mp.company_id
                and mo.point_id = mp.id and (mo.ended_at is null or mo.ended_at > given.started_at)
            where mp.company_id = $1 and mp.code = given.point) as is_point_taken,
        (select m.register_digits from meter m
            where m.company_id = $1 and m.serial = given.meter) as digits
    from unnest($2::text[], $3::text[], $4::timestamptz[])
        with ordinality as given(meter, point, started_at, place)
    order by given.place
"""
DIGITS_IF_EMPTY = 6


async def _create(connection: Connection, new: Creation) -> int:
    said = dict(new.values)
    index_kwh = said.pop("initial_index_kwh")
    return await mountings.add(
        connection,
        company_id=new.company_id,
        initial_index_wh=readers.wh(index_kwh),
        now=new.now,
        **said,
    )


async def _lock(connection: Connection, company_id: CompanyId, new: list[Creation]) -> None:
    points = [one.values["point_id"] for one in new]
    meters = [one.values["meter_id"] for one in new]
    await metered.hold(connection, company_id, points, meter_ids=meters)


async def _judge(connection: Connection, judged: Judged) -> list[Verdict]:
    said = [one.values for one in judged.new]
    rows = await connection.fetch(
        TAKEN,
        judged.company_id,
        [one["meter"] for one in said],
        [one["point"] for one in said],
        [one["started_at"] for one in said],
    )
    meters = Counter(one["meter"] for one in said)
    points = Counter(one["point"] for one in said)
    described = judged.all.get("meters", {})
    verdicts = []
    for place, (one, row) in enumerate(zip(said, rows, strict=True)):
        if row["is_meter_taken"] or meters[one["meter"]] > 1:
            verdicts.append(Verdict(place, "meter", "METER_TAKEN"))
        if row["is_point_taken"] or points[one["point"]] > 1:
            verdicts.append(Verdict(place, "point", "POINT_TAKEN"))
        verdicts += judge_past(place, "started_at", one["started_at"], now=judged.now)
        digits = row["digits"] or described.get((one["meter"],), {}).get("register_digits")
        verdicts += _judge_index(place, one, digits or DIGITS_IF_EMPTY)
    return verdicts


def _judge_index(place: int, one: Any, digits: int) -> list[Verdict]:
    if one["initial_index_kwh"] < 10**digits:
        return []
    expected = f"less than {10**digits} kWh, which is what the meter can show"
    return [Verdict(place, "initial_index_kwh", "INVALID_VALUE", {"expected": expected})]


MOUNTINGS = Kind(
    name="mountings",
    columns=(
        Column(name="meter", meaning="The serial of the meter.", example="12345678", required=True),
        metered.point("The code of the metering point."),
        metered.instant("started_at", "When it was mounted"),
        metered.index_kwh(
            "initial_index_kwh",
            "What its total register showed then, in kWh.",
            changeable=False,
        ),
        Column(
            name="multiplier",
            meaning="Of its current and voltage transformers; 1 if empty.",
            example="1",
            read=readers.decimal,
            check=values.multiplier,
            changeable=False,
        ),
    ),
    key=("meter", "point"),
    references=(
        Reference(kind="meters", columns=("meter",), parameter="meter_id"),
        Reference(kind="metering_points", columns=("point",), parameter="point_id"),
    ),
    source="""
        select mo.id, 1 as version, true as active, m.serial as meter, mp.code as point,
            mo.started_at, mo.initial_index_wh / 1000.0 as initial_index_kwh, mo.multiplier
        from mounting mo
        join meter m on m.company_id = mo.company_id and m.id = mo.meter_id
        join metering_point mp on mp.company_id = mo.company_id and mp.id = mo.point_id
        join premises p on p.company_id = mp.company_id and p.id = mp.premises_id
        where mo.company_id = {company} and mo.ended_at is null""",
    wall="p.field_id in ({fields})",
    reads=Scope.PREMISES_READ,
    writes=Scope.PREMISES_WRITE,
    create=_create,
    prepare=_lock,
    judge=_judge,
)
