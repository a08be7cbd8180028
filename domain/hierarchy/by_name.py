"""Finding what an operator names: by serial, by name, by reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db import access
from db.ids import BranchId, CollectorId, CompanyId, FieldId, MeterId, RfModuleId, SubscriberId


@dataclass(frozen=True, slots=True)
class KnownMeter:
    """A meter, and the zone that its clock keeps."""

    meter_id: MeterId
    clock_rule: str


async def branch(*, company_id: CompanyId, name: str) -> BranchId | None:
    async with access.tenant(company_id) as connection:
        found: BranchId | None = await connection.fetchval(
            "select id from branch where company_id = $1 and name = $2", company_id, name
        )
    return found


async def field(*, company_id: CompanyId, name: str | None) -> FieldId | None:
    """Return the field of that name, the oldest if several branches have one; None: any field."""
    async with access.tenant(company_id) as connection:
        found: FieldId | None = await connection.fetchval(
            "select id from field where company_id = $1 and ($2::text is null or name = $2)"
            " order by id limit 1",
            company_id,
            name,
        )
    return found


async def subscriber(*, company_id: CompanyId, reference: str) -> SubscriberId | None:
    async with access.tenant(company_id) as connection:
        found: SubscriberId | None = await connection.fetchval(
            "select id from subscriber where company_id = $1 and reference = $2",
            company_id,
            reference,
        )
    return found


async def collector(*, company_id: CompanyId, flag: str, serial: str) -> CollectorId | None:
    async with access.tenant(company_id) as connection:
        found: CollectorId | None = await connection.fetchval(
            "select id from collector where company_id = $1 and flag = $2 and serial = $3",
            company_id,
            flag,
            serial,
        )
    return found


async def rf_module(*, company_id: CompanyId, serial: str) -> RfModuleId | None:
    async with access.tenant(company_id) as connection:
        found: RfModuleId | None = await connection.fetchval(
            "select id from rf_module where company_id = $1 and serial = $2", company_id, serial
        )
    return found


async def meters(*, company_id: CompanyId, serials: Sequence[str]) -> dict[str, KnownMeter]:
    """Return those of the meters that are known, by serial."""
    async with access.tenant(company_id) as connection:
        rows = await connection.fetch(
            "select serial, id, clock_rule from meter where company_id = $1 and serial = any($2)",
            company_id,
            list(serials),
        )
    return {row["serial"]: KnownMeter(MeterId(row["id"]), row["clock_rule"]) for row in rows}


async def newest_reading_at(*, company_id: CompanyId) -> datetime | None:
    """Return when the company's newest reading was taken; None before the first."""
    async with access.tenant(company_id) as connection:
        found: datetime | None = await connection.fetchval(
            "select max(ts) from meter_latest where company_id = $1", company_id
        )
    return found
