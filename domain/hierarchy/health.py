"""Finding out how collectors and RF modules do: the facts of some, and the state of all, in SQL.

`rules.health` is the rule; `STATE` says the same where rows are filtered and counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from db.access import Connection
from db.enums import Health
from domain.hierarchy.rules import LATE_PERIODS, SILENT_PERIODS, DeviceFacts
from domain.listing import Wall, fetch

# Without it, each fact would be found out again wherever the state speaks of it.
ONCE = "offset 0"
HAS_METERS = """exists (
    select from meter m where m.company_id = {module}.company_id
        and m.rf_module_id = {module}.id and m.active)"""
# What an RF module reads is all that is ever heard of it. Whether it is silent is judged anew, not
# by the last record of its contact.
RF_MODULE_FACTS = f"""
    select (
            select max(l.ts) from meter m
            join meter_latest l on l.company_id = m.company_id and l.meter_id = m.id
            where m.company_id = rf_module.company_id and m.rf_module_id = rf_module.id and m.active
        ) as heard_at,
        case when {HAS_METERS.format(module="rf_module")}
            then rf_module.reading_period_s end as period_s,
        rf_module.error_status is not null
            or rf_module.synchronisation_outcome is not distinct from 'FAILED'
                and rf_module.silent_since is null as failing
    {ONCE}
"""
# A collector passes on what its quickest RF module reads.
COLLECTOR_FACTS = f"""
    select collector.last_contact_at as heard_at,
        (
            select min(r.reading_period_s) from rf_module r
            where r.company_id = collector.company_id and r.collector_id = collector.id
                and r.active and {HAS_METERS.format(module="r")}
        ) as period_s,
        collector.synchronisation_outcome is not distinct from 'FAILED' as failing
    {ONCE}
"""
STATE = f"""
    case when period_s is not null and (heard_at is null
        or {{now}}::timestamptz - heard_at > period_s * interval '1 s' * {SILENT_PERIODS})
        then 'SILENT'
    when failing then 'FAILING'
    when {{now}}::timestamptz - heard_at > period_s * interval '1 s' * {LATE_PERIODS} then 'LATE'
    else 'HEALTHY' end
"""
FACTS = {"rf_module": RF_MODULE_FACTS, "collector": COLLECTOR_FACTS}
COUNTS = f"""
    select collector.field_id, 'rf_module' as device, state.state, count(*) as n
    from rf_module
    join collector on collector.company_id = rf_module.company_id
        and collector.id = rf_module.collector_id
    cross join lateral (select {STATE} as state from ({RF_MODULE_FACTS}) facts) state
    where rf_module.company_id = {{company}} and rf_module.active
        and collector.field_id = any({{ids}}::int8[])
    group by collector.field_id, state.state
    union all
    select collector.field_id, 'collector', state.state, count(*)
    from collector
    cross join lateral (select {STATE} as state from ({COLLECTOR_FACTS}) facts) state
    where collector.company_id = {{company}} and collector.active
        and collector.field_id = any({{ids}}::int8[])
    group by collector.field_id, state.state
"""


@dataclass(slots=True)
class FieldHealth:
    """How many active devices of a field are in which state."""

    rf_modules: dict[Health, int] = field(default_factory=dict)
    collectors: dict[Health, int] = field(default_factory=dict)


async def facts(
    connection: Connection, table: str, ids: Sequence[int], *, wall: Wall
) -> dict[int, DeviceFacts]:
    """Return what is known of devices; table: `rf_module` or `collector`."""
    template = (
        f"select {table}.id, facts.* from {table} cross join lateral ({FACTS[table]}) facts"
        f" where {table}.company_id = {{company}} and {table}.id = any({{ids}}::int8[])"
        f" and {wall.condition(table)}"
    )
    rows = await fetch(connection, template, {**wall.values, "ids": list(ids)})
    return {
        row["id"]: DeviceFacts(
            heard_at=row["heard_at"],
            period=None if row["period_s"] is None else timedelta(seconds=row["period_s"]),
            failing=row["failing"],
        )
        for row in rows
    }


async def by_field(
    connection: Connection, field_ids: Sequence[int], *, wall: Wall
) -> dict[int, FieldHealth]:
    """Return the counts of fields that the caller is known to see."""
    found = {field_id: FieldHealth() for field_id in field_ids}
    rows = await fetch(connection, COUNTS, {**wall.values, "ids": list(field_ids)})
    for row in rows:
        of_field = found[row["field_id"]]
        counts = of_field.rf_modules if row["device"] == "rf_module" else of_field.collectors
        counts[Health(row["state"])] = row["n"]
    return found


def in_states(wall: Wall, states: Sequence[Health]) -> Wall:
    """Return the wall behind which only active devices in these states are."""

    def condition(table: str) -> str:
        own = wall.condition(table)
        if table not in FACTS:
            return own
        state = f"(select {STATE} from ({FACTS[table]}) facts)"
        return f"{own} and {table}.active and {state} = any({{states}}::text[])"

    return Wall(condition, {**wall.values, "states": [state.value for state in states]})
