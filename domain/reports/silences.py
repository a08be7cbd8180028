"""Telling members which devices have fallen silent: once, until they are heard steadily again.

Follows what `hierarchy.synchronisations` has noted. Not here: when a device is silent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from db import access
from db.access import Connection
from db.enums import Role
from db.ids import CompanyId
from domain.hierarchy.rules import SILENT_PERIODS
from domain.listing import Record
from domain.messages.facts import FaultNotice
from domain.messages.members import Member, members_with, tell_member

# How long a device has to be heard before its next silence is told: one that comes and goes is
# told of once.
CALM = timedelta(hours=2)
# Whoever adds a collector has to install it yet.
FIRST_HEARD_WITHIN = timedelta(hours=1)
# Of a company in one run: what is left comes with the next.
DEVICES_MAX = 5_000
NAMES_MAX = 20

COMPANIES = "select id, fault_notice_roles from company where active order by id"
# Whatever is retired is as good as heard.
FOLLOW = """
    update silence_notice n
    set heard_since = case when not now_silent.it_is then $2::timestamptz end
    from (
        select n.id, coalesce(d.active and d.silent_since is not null, false) as it_is
        from silence_notice n
        left join {table} d on d.company_id = n.company_id and d.id = n.{table}_id
        where n.company_id = $1 and n.{table}_id is not null
    ) now_silent
    where n.company_id = $1 and n.id = now_silent.id
        and now_silent.it_is = (n.heard_since is not null)
"""
CALMED = "delete from silence_notice where company_id = $1 and heard_since <= $2"
COLLECTORS = """
    select d.id, d.serial, d.silent_since, f.id as field_id, f.name as field, b.id as branch_id,
        b.name as branch
    from collector d
    join field f on f.company_id = d.company_id and f.id = d.field_id
    join branch b on b.company_id = f.company_id and b.id = f.branch_id
    where d.company_id = $1 and d.active and d.silent_since is not null
        and (d.last_contact_at is not null or d.silent_since <= $3)
        and not exists (select from silence_notice n
            where n.company_id = d.company_id and n.collector_id = d.id)
    order by d.silent_since, d.id limit $2
"""
# Nobody hears the RF modules behind a silent collector. Theirs is another fault only where the
# collector was heard at a time when they should have been as well.
RF_MODULES = """
    select d.id, d.serial, d.silent_since, f.id as field_id, f.name as field, b.id as branch_id,
        b.name as branch
    from rf_module d
    join collector c on c.company_id = d.company_id and c.id = d.collector_id
    join field f on f.company_id = c.company_id and f.id = c.field_id
    join branch b on b.company_id = f.company_id and b.id = f.branch_id
    where d.company_id = $1 and d.active and d.silent_since is not null and c.active
        and c.silent_since is null
        and c.last_contact_at >= d.silent_since + d.reading_period_s * $3 * interval '1 s'
        and not exists (select from silence_notice n where n.company_id = d.company_id
            and (n.rf_module_id = d.id or n.collector_id = c.id))
    order by d.silent_since, d.id limit $2
"""
TOLD = """
    insert into silence_notice (company_id, {table}_id, told_at)
    select $1, id, $3 from unnest($2::int8[]) id
    on conflict do nothing returning {table}_id as id
"""
DEVICES: Mapping[str, tuple[str, Callable[[datetime], object]]] = {
    "collector": (COLLECTORS, lambda now: now - FIRST_HEARD_WITHIN),
    "rf_module": (RF_MODULES, lambda _: SILENT_PERIODS),
}


@dataclass(frozen=True, slots=True)
class _Run:
    """Telling one company's members now."""

    connection: Connection
    company_id: CompanyId
    now: datetime
    members: Sequence[Member]


async def tell_silences(*, now: datetime) -> int:
    """Tell of devices that have fallen silent; return how many. Safe to repeat, and at once."""
    async with access.system() as connection:
        companies = await connection.fetch(COMPANIES)
    told = 0
    for row in companies:
        company_id = CompanyId(row["id"])
        roles = [Role(role) for role in row["fault_notice_roles"]]
        async with access.tenant(company_id) as connection:
            members = await members_with(connection, company_id=company_id, roles=roles)
            run = _Run(connection, company_id, now, members)
            for table in DEVICES:
                await connection.execute(FOLLOW.format(table=table), company_id, now)
            await connection.execute(CALMED, company_id, now - CALM)
            told += sum([await _tell_of(run, table) for table in DEVICES])
    return told


async def _tell_of(run: _Run, table: str) -> int:
    statement, patience = DEVICES[table]
    found = await run.connection.fetch(statement, run.company_id, DEVICES_MAX, patience(run.now))
    if not found:
        return 0
    ids = [row["id"] for row in found]
    told = await run.connection.fetch(TOLD.format(table=table), run.company_id, ids, run.now)
    new = {row["id"] for row in told}
    devices = [row for row in found if row["id"] in new]
    for member in run.members:
        seen = [row for row in devices if _sees(member, row)]
        if seen:
            await tell_member(
                run.connection,
                company_id=run.company_id,
                member=member,
                facts=_notice(table, seen),
                now=run.now,
            )
    return len(devices)


def _sees(member: Member, device: Record) -> bool:
    return member.sees(branch_id=device["branch_id"], field_id=device["field_id"])


def _notice(table: str, devices: Sequence[Record]) -> FaultNotice:
    """Return a notice of devices, the one that was heard the longest ago first."""
    return FaultNotice(
        device=table.upper(),
        count=len(devices),
        names=tuple(
            f"{row['serial']} ({row['field']}, {row['branch']})" for row in devices[:NAMES_MAX]
        ),
        since=devices[0]["silent_since"],
    )
