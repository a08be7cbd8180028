"""Why subscribers must not be cut off, and what proves it: health and the like, sealed.

That somebody is protected is no secret to those who might cut; why is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

import orjson
from asyncpg import Record

from db import access
from db.access import Connection
from db.enums import ProtectionKind
from db.ids import CompanyId, ProofId, SubscriberId
from domain import facets, rows, values
from domain.listing import Listing, Relation, Wall, fetch
from domain.refusals import InvalidValue, NotThere
from domain.subscribers import contacts
from domain.subscribers.keyring import Keyring
from domain.subscribers.operations import hold_present

NOTE_CHARACTERS_MAX = 1_000
WHAT = "protection"

PROOFS = Listing(
    table="protection_proof",
    columns=("id", "subscriber_id", "valid_from", "valid_until", "version"),
    facets=(
        facets.date("protection_proof.valid_from"),
        facets.date("protection_proof.valid_until", nullable=True),
        facets.id_of("subscriber", "protection_proof.subscriber_id"),
    ),
    order="valid_from",
)
PROOFS_OF_SUBSCRIBER = Relation(PROOFS, "protection_proof.subscriber_id = parent.id")

READ = """
    with found as (
        select protection_proof.id, protection_proof.subscriber_id, k.wrapped_key,
            protection_proof.detail
        from protection_proof
        join person_key k on k.company_id = protection_proof.company_id
            and k.subscriber_id = protection_proof.subscriber_id
        where protection_proof.company_id = {{company}} and {condition}
            and protection_proof.id = any({{ids}}::int8[]) and protection_proof.detail is not null
    ), told as (
        select record_read('ProtectionProof', array(select id from found)))
    select found.* from found, told
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """Why somebody is protected. document: where the proof is filed."""

    kind: ProtectionKind
    document: str | None
    note: str | None

    @classmethod
    def parsed(cls, text: str) -> Self:
        facts = orjson.loads(text)
        return cls(
            kind=ProtectionKind(facts["kind"]), document=facts["document"], note=facts["note"]
        )


async def add(
    *,
    company_id: CompanyId,
    subscriber_id: SubscriberId,
    detail: Detail,
    valid_from: date,
    valid_until: date | None,
    keyring: Keyring,
) -> ProofId:
    """Say that a subscriber must not be cut off, on days of the company's; None: until it is ended.

    :raises SubscriberErased, NotThere, InvalidValue: nothing was written
    """
    _check_period(valid_from, valid_until)
    text = orjson.dumps(_checked(detail)).decode()
    async with access.tenant(company_id) as connection:
        await hold_present(
            connection, "subscriber_id", company_id=company_id, subscriber_id=subscriber_id
        )
        key = await contacts.key_of(
            connection, keyring, company_id=company_id, subscriber_id=subscriber_id
        )
        proof_id = await rows.insert(
            connection,
            "protection_proof",
            company_id=company_id,
            subscriber_id=subscriber_id,
            valid_from=valid_from,
            valid_until=valid_until,
            detail=key.seal(text, what=WHAT),
        )
    return ProofId(proof_id)


async def end(
    *, company_id: CompanyId, proof_id: ProofId, expected_version: int, valid_until: date
) -> ProofId:
    """Say on which day a protection ends.

    :raises InvalidValue: it would end before it began
    :raises StaleVersion, NotThere: nothing was written
    """
    async with access.tenant(company_id) as connection:
        valid_from = await connection.fetchval(
            "select valid_from from protection_proof where company_id = $1 and id = $2",
            company_id,
            proof_id,
        )
        if valid_from is None:
            raise NotThere
        _check_period(valid_from, valid_until)
        await rows.change(
            connection,
            "protection_proof",
            company_id=company_id,
            row_id=proof_id,
            expected_version=expected_version,
            changes={"valid_until": valid_until},
        )
    return proof_id


async def read(
    connection: Connection, keyring: Keyring, ids: Sequence[int], *, wall: Wall
) -> dict[int, Detail]:
    """Return why, for the proofs among `ids` that the wall lets through; reading is recorded."""
    template = READ.format(condition=wall.condition("protection_proof"))
    found = await fetch(connection, template, {**wall.values, "ids": list(ids)})
    company_id = CompanyId(int(str(wall.values["company"])))
    return {row["id"]: _opened(row, company_id, keyring) for row in found}


def _opened(row: Record, company_id: CompanyId, keyring: Keyring) -> Detail:
    subscriber_id = SubscriberId(row["subscriber_id"])
    key = keyring.unwrapped(row["wrapped_key"], company_id=company_id, subscriber_id=subscriber_id)
    return Detail.parsed(key.open(row["detail"], what=WHAT))


def _checked(detail: Detail) -> Mapping[str, str | None]:
    return {
        "kind": detail.kind.value,
        "document": values.optional_name(detail.document, "document"),
        "note": values.optional_name(detail.note, "note", characters_max=NOTE_CHARACTERS_MAX),
    }


def _check_period(valid_from: date, valid_until: date | None) -> None:
    if valid_until is not None and valid_until < valid_from:
        raise InvalidValue("valid_until", expected=f"{valid_from} or later")
