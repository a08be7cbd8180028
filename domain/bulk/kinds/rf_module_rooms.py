"""How many new meters an RF module still takes, and holding on to several RF modules."""

from collections import Counter

from db.access import Connection
from db.ids import CompanyId
from domain.bulk.kind import Creation, Judged, Verdict
from domain.hierarchy import rf_module_room

ROOM = """
    select r.serial, c.max_meters_per_rf_module as allowed, (
        select count(*) from meter m
        where m.company_id = r.company_id and m.rf_module_id = r.id and m.active) as used
    from rf_module r join company c on c.id = r.company_id
    where r.company_id = $1 and r.serial = any($2::text[])
"""
ALLOWED = "select max_meters_per_rf_module from company where id = $1"


async def hold_rf_modules(
    connection: Connection, company_id: CompanyId, new: list[Creation]
) -> None:
    for rf_module_id in sorted({one.values["rf_module_id"] for one in new}):
        await rf_module_room.hold(connection, company_id=company_id, rf_module_id=rf_module_id)


async def judge_room(connection: Connection, judged: Judged) -> list[Verdict]:
    """Return the meters that are one too many for their RF module."""
    serials = {one.values["rf_module"] for one in judged.new}
    allowed = await connection.fetchval(ALLOWED, judged.company_id)
    found = await connection.fetch(ROOM, judged.company_id, sorted(serials))
    used = Counter({row["serial"]: row["used"] for row in found})
    verdicts = []
    for place, one in enumerate(judged.new):
        used[one.values["rf_module"]] += 1
        if used[one.values["rf_module"]] > allowed:
            verdicts.append(Verdict(place, "rf_module", "RF_MODULE_FULL", {"limit": str(allowed)}))
    return verdicts
