"""Versions on their way: a draft or a proposal, then approved or withdrawn.

A draft is approved by anybody who may; where the company asks for it, a proposal is approved by
somebody else than who proposed it.
"""

from datetime import datetime

import orjson

from db import access
from db.access import Connection
from db.enums import TariffState
from db.ids import CompanyId, KeyId, TariffId, TariffVersionId, UserId
from domain.hands import Hand, behind
from domain.listing import Record
from domain.refusals import NotThere, Refused
from domain.tariffs import operations
from domain.tariffs.chargeable import NotChargeable, check_bands, check_chargeable
from domain.tariffs.completeness import check
from domain.tariffs.components import Version, flat
from domain.tariffs.deductible import check_deductible, depends_on_points
from domain.tariffs.definitions import read

WAITING_MAX = 50
WAITING = (TariffState.DRAFT, TariffState.PROPOSED)

LOCK_TAX_POINT = "select pg_advisory_xact_lock(hashtextextended('tax point', $1))"
IS_BY_BANDS = """
    select exists (select from tariff_assignment
        where company_id = $1 and tariff_id = $2 and billing_basis = 'TOU_REGISTERS'
            and (ends_at is null or ends_at > $3))
"""
HAS_OTHER_TAX_POINT = """
    select exists (select from tariff_version
        where company_id = $1 and state = 'ACTIVE' and definition ->> 'tax_point' <> $2
            and jsonb_array_length(definition -> 'taxes') > 0)
"""


class TooManyProposals(Refused):
    """The tariff has the fact `limit` of drafts and proposals already."""


class AlreadyDecided(Refused):
    """The version is active or withdrawn already."""


class AnotherPersonNeeded(Refused):
    """The company wants prices to be approved by somebody else than who proposed them."""


async def propose(
    *,
    company_id: CompanyId,
    tariff_id: TariffId,
    version: Version,
    valid_from: datetime,
    by: UserId | None,
    by_key: KeyId | None = None,
    now: datetime,
) -> TariffVersionId:
    """Write down a version that takes effect at `valid_from` once it is approved.

    by: who proposes; None for a program, whose key is then `by_key`.

    :raises NotThere, InvalidValue, TooManyProposals: nothing was written
    """
    check(version, "prices")
    async with access.tenant(company_id) as connection:
        await operations.hold(connection, company_id=company_id, tariff_id=tariff_id)
        waiting = await connection.fetchval(
            "select count(*) from tariff_version where company_id = $1 and tariff_id = $2"
            " and state = any($3::text[])",
            company_id,
            tariff_id,
            WAITING,
        )
        if waiting >= WAITING_MAX:
            raise TooManyProposals(limit=WAITING_MAX)
        needs_second = await _needs_second_person(connection, company_id)
        return await operations.add_version(
            connection,
            company_id=company_id,
            tariff_id=tariff_id,
            version=version,
            valid_from=valid_from,
            state=TariffState.PROPOSED if needs_second else TariffState.DRAFT,
            hand=Hand(user_id=by, key_id=by_key),
            proposed_at=now,
        )


async def approve(
    *, company_id: CompanyId, version_id: TariffVersionId, by: UserId | None, now: datetime
) -> TariffVersionId:
    """Let a version take effect at its time; the one before ends there. Repeating is refused.

    by: who approves; None for a program, which is nobody's second person. Nor is who stands behind
    the key with which it was proposed.

    :raises NotThere, AlreadyDecided, AnotherPersonNeeded, NotChargeable, NotDeductible,
        PriceInThePast: nothing was written
    """
    async with access.tenant(company_id) as connection:
        row = await _held(connection, company_id, version_id)
        await _check_another(connection, company_id, row, by)
        await _check(connection, company_id, row)
        await operations.end_current(
            connection,
            company_id=company_id,
            tariff_id=row["tariff_id"],
            at=row["valid_from"],
            now=now,
        )
        await connection.execute(
            "update tariff_version set state = 'ACTIVE', approved_by = $3, approved_at = $4"
            " where company_id = $1 and id = $2",
            company_id,
            version_id,
            by,
            now,
        )
        if await depends_on_points(connection, company_id, row["tariff_id"]):
            await check_deductible(connection, company_id, None, since=now)
    return version_id


async def _check_another(
    connection: Connection, company_id: CompanyId, row: Record, by: UserId | None
) -> None:
    """Return if whoever approves may, be it that the company wants no second person.

    :raises AnotherPersonNeeded: they had a hand in the proposal, or are none in person
    """
    if not await _needs_second_person(connection, company_id):
        return
    hand = Hand(user_id=row["proposed_by"], key_id=row["proposed_by_key"])
    if by is None or by in await behind(connection, company_id, hand):
        raise AnotherPersonNeeded


async def _check(connection: Connection, company_id: CompanyId, row: Record) -> None:
    """Return if accounts can be charged by a version.

    Credit that was taxed when it was bought would be taxed again when it is used by a tariff with
    the other tax point. So a company's tariffs have the same one, for good.

    :raises NotChargeable: they cannot
    """
    version = version_of(row)
    check_chargeable(version)
    if await connection.fetchval(IS_BY_BANDS, company_id, row["tariff_id"], row["valid_from"]):
        check_bands(version)
    if not version.taxes:
        return
    await connection.execute(LOCK_TAX_POINT, company_id)
    if await connection.fetchval(HAS_OTHER_TAX_POINT, company_id, version.tax_point):
        raise NotChargeable("tax_point", part="tax_point")


async def withdraw(*, company_id: CompanyId, version_id: TariffVersionId) -> TariffVersionId:
    """Give up a draft or a proposal; it stays to be read. Repeating is refused.

    :raises NotThere, AlreadyDecided: nothing was written
    """
    async with access.tenant(company_id) as connection:
        await _held(connection, company_id, version_id)
        await connection.execute(
            "update tariff_version set state = 'WITHDRAWN' where company_id = $1 and id = $2",
            company_id,
            version_id,
        )
    return version_id


async def _held(
    connection: Connection, company_id: CompanyId, version_id: TariffVersionId
) -> Record:
    """Return a version that nobody has decided on, with its tariff held."""
    statement = (
        "select tariff_id, state, valid_from, proposed_by, proposed_by_key, price_per_kwh,"
        " definition"
        " from tariff_version where company_id = $1 and id = $2"
    )
    found = await connection.fetchrow(statement, company_id, version_id)
    if found is None:
        raise NotThere
    tariff_id = TariffId(found["tariff_id"])
    await operations.hold(connection, company_id=company_id, tariff_id=tariff_id)
    row = await connection.fetchrow(statement, company_id, version_id)
    if row is None or row["state"] not in WAITING:
        raise AlreadyDecided
    return row


async def _needs_second_person(connection: Connection, company_id: CompanyId) -> bool:
    return bool(
        await connection.fetchval(
            "select second_person_for_tariffs from company where id = $1", company_id
        )
    )


def version_of(row: Record) -> Version:
    """Return the version of a row: its definition, or the one flat price that it is."""
    if row["definition"] is None:
        return flat(row["price_per_kwh"])
    return read(orjson.loads(row["definition"]))
