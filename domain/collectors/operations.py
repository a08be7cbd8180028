"""Who calls: collectors prove their identity, and what they say of themselves is kept."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from db import access
from db.ids import CollectorId, CompanyId
from domain.hierarchy import synchronisations
from domain.hierarchy.collectors import token_hash

FACT_CHARS_MAX = 100
UNCLAIMED_BODY_MAX = 64 * 1024
# Whoever calls without being known must not fill the disk.
UNCLAIMED_MAX = 10_000


class NotIdentified(StrEnum):
    """Why a caller was not let in. It is told none of this."""

    UNKNOWN = "no company has a collector of this flag and serial"
    WRONG_TOKEN = "the token is not this collector's"  # noqa: S105 - a reason
    TOKEN_MISSING = "the collector has a token and sent none, or has none and must"  # noqa: S105
    INACTIVE = "the collector or its company is not active"


@dataclass(frozen=True, slots=True)
class KnownCollector:
    """A collector that has proved its identity. review_first: its frames wait for a person."""

    company_id: CompanyId
    collector_id: CollectorId
    review_first: bool


async def identify(
    *,
    flag: str,
    serial: str,
    token: str | None,
    facts: Mapping[str, Any],
    tokenless_allowed: bool,
    now: datetime,
) -> KnownCollector | NotIdentified:
    """Return the collector that this is, or why it is not let in.

    The contact is noted, and the parameters that it tells. Safe to repeat.
    facts: what it says of itself, in the words of the protocol.
    tokenless_allowed: whether a collector without a token may come in by its address alone.
    """
    async with access.system() as connection:
        row = await connection.fetchrow(
            """
            select i.company_id, i.collector_id, i.token_hash, co.active and c.active as active,
                co.review_first or f.review_first or c.review_first as review_first
            from collector_identity i
            join company co on co.id = i.company_id
            join collector c on c.company_id = i.company_id and c.id = i.collector_id
            join field f on f.company_id = c.company_id and f.id = c.field_id
            where i.flag = $1 and i.serial = $2
            """,
            flag,
            serial,
        )
        if row is None:
            return NotIdentified.UNKNOWN
        refusal = _refusal(row["token_hash"], token, tokenless_allowed=tokenless_allowed)
        if refusal is not None:
            return refusal
        if not row["active"]:
            return NotIdentified.INACTIVE
        await connection.execute(
            "update collector set last_contact_at = $3,"
            " software_version = coalesce($4, software_version), make = coalesce(make, $5),"
            " model = coalesce(model, $6) where company_id = $1 and id = $2",
            row["company_id"],
            row["collector_id"],
            now,
            _fact(facts, "firmware"),
            _fact(facts, "brand"),
            _fact(facts, "model"),
        )
        await synchronisations.note_parameters(
            connection,
            company_id=row["company_id"],
            collector_id=row["collector_id"],
            software_version=_fact(facts, "firmware"),
            utc_offset=_fact(facts, "timezone"),
            now=now,
        )
    return KnownCollector(row["company_id"], row["collector_id"], row["review_first"])


def _refusal(
    stored: bytes | None, token: str | None, *, tokenless_allowed: bool
) -> NotIdentified | None:
    if stored is None:
        return None if tokenless_allowed else NotIdentified.TOKEN_MISSING
    if token is None:
        return NotIdentified.TOKEN_MISSING
    if not hmac.compare_digest(stored, token_hash(token)):
        return NotIdentified.WRONG_TOKEN
    return None


def _fact(facts: Mapping[str, Any], name: str) -> str | None:
    value = facts.get(name)
    return value[:FACT_CHARS_MAX] if isinstance(value, str) and value else None


async def note_contact(*, known: KnownCollector, now: datetime) -> None:
    """Remember that a collector was heard of. Safe to repeat."""
    async with access.system() as connection:
        await connection.execute(
            "update collector set last_contact_at = greatest(last_contact_at, $3)"
            " where company_id = $1 and id = $2",
            known.company_id,
            known.collector_id,
            now,
        )


async def quarantine(
    *,
    peer: IPv4Address | IPv6Address,
    flag: str,
    serial: str,
    reason: str,
    body: bytes,
    now: datetime,
) -> None:
    """Keep what an unknown caller said, the newest 10,000 of all callers."""
    async with access.system() as connection:
        await connection.execute(
            "insert into unclaimed_frame (received_at, peer, flag, serial, reason, body)"
            " values ($1, $2, $3, $4, $5, $6)",
            now,
            peer,
            flag[:FACT_CHARS_MAX],
            serial[:FACT_CHARS_MAX],
            reason,
            body[:UNCLAIMED_BODY_MAX],
        )
        await connection.execute(
            "delete from unclaimed_frame where id <= (select max(id) from (select id from"
            " unclaimed_frame order by id desc offset $1 limit 1) surplus)",
            UNCLAIMED_MAX,
        )
