"""Writing intervals of load profiles: each once, and beside them those that may not stand."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from db.access import Connection
from db.enums import ProfileKind, ValidationRule
from db.ids import CompanyId, MeterId
from domain.profiles.rules import PRICED_CHANNELS, Neighbours, Told
from domain.tariffs.flows import Span
from domain.tariffs.schedule import DAY

COLUMNS = ", ".join(Told._fields)
TYPES = (
    *("int4", "int8", "text", "timestamptz", "timestamptz", "text", "text", "int8", "text"),
    *("timestamptz", "int8"),
)
ARRAYS = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(TYPES, start=1))

# No interval is longer than a day: whatever overlaps begins at most a day before. The bounds of all
# together are values, for without them the planner opens the tables of all days.
AROUND = f"""
    select {", ".join(f"i.{column}" for column in Told._fields)}
    from unnest($1::int4[], $2::int8[], $3::text[], $4::timestamptz[], $5::timestamptz[])
        asked (company_id, meter_id, channel, since, until)
    join load_interval i on (i.company_id, i.meter_id, i.channel)
            = (asked.company_id, asked.meter_id, asked.channel)
        and i.starts_at > asked.since - interval '1 day' and i.starts_at < asked.until
        and i.starts_at > $6 and i.starts_at < $7
    order by i.company_id, i.meter_id, i.channel, i.starts_at
"""
# A better channel displaces what it overlaps, and an index tells of the interval after it as well:
# so what is new matters for all the time of these.
REACHES = """
    select asked.company_id, asked.meter_id, least(asked.since, min(i.starts_at)) as since,
        greatest(asked.until, max(i.ends_at)) as until
    from unnest($1::int4[], $2::int8[], $3::timestamptz[], $4::timestamptz[])
        asked (company_id, meter_id, since, until)
    left join load_interval i on (i.company_id, i.meter_id) = (asked.company_id, asked.meter_id)
        and i.channel = any($5::text[]) and i.starts_at > asked.since - interval '1 day'
        and i.starts_at <= asked.until and i.ends_at > asked.since
        and i.starts_at > $6 and i.starts_at <= $7
    group by asked.company_id, asked.meter_id, asked.since, asked.until
    order by 1, 2
"""
DETAILS = {
    ValidationRule.FUTURE: "ends more than five minutes after its receipt",
    ValidationRule.TOO_OLD: "older than ninety days",
}


async def around(connection: Connection, candidates: Iterable[Told]) -> Neighbours:
    """Return what is stored at the times of some intervals, and next to these."""
    spans: dict[tuple[int, int, str], list[Told]] = defaultdict(list)
    for told in candidates:
        spans[told.series].append(told)
    asked = [
        (*series, min(one.starts_at for one in its), max(one.ends_at for one in its))
        for series, its in sorted(spans.items())
    ]
    found: dict[tuple[int, int, str], list[Told]] = defaultdict(list)
    if not asked:
        return found
    since, until = min(one[3] for one in asked) - DAY, max(one[4] for one in asked)
    for row in await connection.fetch(AROUND, *map(list, zip(*asked, strict=True)), since, until):
        told = Told._make(row)._replace(kind=ProfileKind(row["kind"]))
        found[told.series].append(told)
    return found


async def reaches(
    connection: Connection, spans: Mapping[tuple[CompanyId, MeterId], Span]
) -> dict[tuple[CompanyId, MeterId], Span]:
    """Return the time for which it matters what is news of spans, by meter in key order."""
    asked = [(*meter, *span) for meter, span in spans.items()]
    if not asked:
        return {}
    rows = await connection.fetch(
        REACHES,
        *map(list, zip(*asked, strict=True)),
        list(PRICED_CHANNELS),
        min(span.starts_at for span in spans.values()) - DAY,
        max(span.ends_at for span in spans.values()),
    )
    return {
        (CompanyId(row["company_id"]), MeterId(row["meter_id"])): Span(row["since"], row["until"])
        for row in rows
    }


async def insert(connection: Connection, new: Sequence[Told]) -> None:
    """Insert intervals. One that is there already would undo the batch."""
    await connection.execute(
        f"insert into load_interval ({COLUMNS}) select * from unnest({ARRAYS})", *_columns(new)
    )


async def keep_conflicts(connection: Connection, conflicts: Sequence[Told]) -> None:
    """Keep what contradicts others until a person decides. Repeatable."""
    await connection.execute(
        f"insert into interval_conflict ({COLUMNS}) select * from unnest({ARRAYS})"
        " on conflict do nothing",
        *_columns(conflicts),
    )


async def hold(connection: Connection, held: Sequence[tuple[Told, ValidationRule]]) -> None:
    """Keep intervals out until a person decides. Repeatable."""
    last = len(TYPES)
    await connection.execute(
        f"insert into held_interval ({COLUMNS}, rule, detail)"
        f" select * from unnest({ARRAYS}, ${last + 1}::text[], ${last + 2}::text[])"
        " on conflict do nothing",
        *_columns([told for told, _ in held]),
        [rule for _, rule in held],
        [DETAILS[rule] for _, rule in held],
    )


def _columns(rows: Sequence[Told]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in Told._fields]
