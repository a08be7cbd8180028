"""Collectors of a field and how they prove who they are. `add` and `alter` join a transaction."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address

from db import access
from db.access import Connection
from db.ids import CollectorId, CompanyId, FieldId
from domain import rows, values
from domain.hierarchy import activity, checks, parents, placements
from domain.hierarchy.checks import Check, checked

TOKEN_BYTES = 24
CHECKS: Mapping[str, Check] = {
    "flag": checks.flag,
    "serial": checks.serial,
    "make": values.optional_name,
    "model": values.optional_name,
    "ipv4": checks.ipv4,
    "ipv6": checks.ipv6,
    "port": checks.port,
    "time_zone": checks.time_zone,
    "review_first": checks.as_given,
}
# What a collector is known by before we know whose it is.
OF_IDENTITY = frozenset({"flag", "serial"})


async def create(
    *,
    company_id: CompanyId,
    field_id: FieldId,
    flag: str,
    serial: str,
    token: str | None,
    time_zone: str,
    make: str | None = None,
    model: str | None = None,
    ipv4: IPv4Address | str | None = None,
    ipv6: IPv6Address | str | None = None,
    port: int | None = None,
) -> CollectorId:
    """Add a collector; see `add`."""
    async with access.tenant(company_id) as connection:
        return await add(
            connection,
            company_id=company_id,
            field_id=field_id,
            flag=flag,
            serial=serial,
            token=token,
            time_zone=time_zone,
            make=make,
            model=model,
            ipv4=ipv4,
            ipv6=ipv6,
            port=port,
        )


async def add(
    connection: Connection,
    *,
    company_id: CompanyId,
    field_id: FieldId,
    token: str | None,
    **described: object,
) -> CollectorId:
    """Add a collector and the identity by which it will call.

    described: flag (the maker's three letters), serial and time_zone; make, model, ipv4, ipv6 and
    port where they are known. token: what it proves itself with, kept as a hash only; with None it
    is let in by its address, where the gateway allows that at all.

    :raises AlreadyExists: some company has a collector of that flag and serial
    :raises NotThere, ParentInactive, InvalidValue: nothing was written
    """
    columns = checked(described, CHECKS)
    await parents.hold_active(connection, "field", company_id=company_id, row_id=field_id)
    collector_id = await rows.insert(
        connection, "collector", company_id=company_id, field_id=field_id, **columns
    )
    await rows.insert(
        connection,
        "collector_identity",
        returning="collector_id",
        flag=columns["flag"],
        serial=columns["serial"],
        company_id=company_id,
        collector_id=collector_id,
        token_hash=None if token is None else token_hash(token),
    )
    await placements.begin(
        connection,
        placements.COLLECTORS,
        company_id=company_id,
        child_id=collector_id,
        parent_id=field_id,
    )
    return CollectorId(collector_id)


async def update(
    *,
    company_id: CompanyId,
    collector_id: CollectorId,
    expected_version: int,
    changes: Mapping[str, object],
) -> CollectorId:
    """Change a collector; see `alter`."""
    async with access.tenant(company_id) as connection:
        return await alter(
            connection,
            company_id=company_id,
            collector_id=collector_id,
            expected_version=expected_version,
            changes=changes,
        )


async def alter(
    connection: Connection,
    *,
    company_id: CompanyId,
    collector_id: CollectorId,
    expected_version: int,
    changes: Mapping[str, object],
) -> CollectorId:
    """Change a collector. changes: what is to change, by the names of `add`.

    :raises StaleVersion, NotThere, AlreadyExists, InvalidValue: nothing was written
    """
    columns = checked(changes, CHECKS)
    await rows.change(
        connection,
        "collector",
        company_id=company_id,
        row_id=collector_id,
        expected_version=expected_version,
        changes=columns,
    )
    if OF_IDENTITY & columns.keys():
        await rows.overwrite(
            connection,
            "collector_identity",
            key={"company_id": company_id, "collector_id": collector_id},
            changes={name: columns[name] for name in sorted(OF_IDENTITY & columns.keys())},
        )
    return collector_id


async def move(
    *,
    company_id: CompanyId,
    collector_id: CollectorId,
    field_id: FieldId,
    expected_version: int,
    now: datetime,
) -> CollectorId:
    """Move a collector to another field of the company; where it was stays known.

    :raises StaleVersion, NotThere, ParentInactive: nothing was written
    """
    async with access.tenant(company_id) as connection:
        await placements.move(
            connection,
            placements.COLLECTORS,
            company_id=company_id,
            child_id=collector_id,
            parent_id=field_id,
            expected_version=expected_version,
            now=now,
        )
    return collector_id


async def set_active(
    *, company_id: CompanyId, collector_id: CollectorId, expected_version: int, active: bool
) -> CollectorId:
    """Retire a collector, or take it into use again; its history stays either way.

    :raises InUse: it has active RF modules
    :raises ParentInactive: its field is not in use
    :raises StaleVersion, NotThere: nothing was written
    """
    async with access.tenant(company_id) as connection:
        await activity.set_active(
            connection,
            activity.COLLECTOR,
            company_id=company_id,
            row_id=collector_id,
            expected_version=expected_version,
            active=active,
        )
    return collector_id


async def rotate_token(
    *, company_id: CompanyId, collector_id: CollectorId, token: str
) -> CollectorId:
    """Let a collector prove itself with another token from now on. Safe to repeat.

    :raises NotThere: the company has no such collector
    """
    async with access.tenant(company_id) as connection:
        await rows.overwrite(
            connection,
            "collector_identity",
            key={"company_id": company_id, "collector_id": collector_id},
            changes={"token_hash": token_hash(token)},
        )
    return collector_id


def new_token() -> str:
    """Return a token nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """Return what is stored of a collector's token. It is random, so no slow hash is needed."""
    return hashlib.sha256(token.encode()).digest()
