"""Tariffs and their prices. Versions are immutable; a new one ends the one before.

Not here: versions that somebody proposes and somebody approves, see `proposals`.
"""

from datetime import datetime
from decimal import Decimal

import orjson

from db import access
from db.access import Connection
from db.enums import TariffState
from db.ids import CompanyId, TariffId, TariffVersionId
from domain import rows, values
from domain.hands import Hand
from domain.readings.rules import AHEAD_MAX
from domain.refusals import NotThere, Refused
from domain.tariffs.components import Version, flat, simple_price
from domain.tariffs.definitions import written


class PriceInThePast(Refused):
    """It would change energy that may be charged already: the fact `earliest` is still open."""


async def create(
    *, company_id: CompanyId, name: str, price_per_kwh: Decimal, valid_from: datetime
) -> TariffId:
    """Add a tariff with its first price, in major units per kWh (nine decimals at most).

    :raises AlreadyExists, InvalidValue: nothing was written
    """
    async with access.tenant(company_id) as connection:
        tariff_id = await _add(connection, company_id=company_id, name=name)
        await add_version(
            connection,
            company_id=company_id,
            tariff_id=tariff_id,
            version=flat(price_per_kwh),
            valid_from=valid_from,
            state=TariffState.ACTIVE,
        )
    return tariff_id


async def create_empty(*, company_id: CompanyId, name: str) -> TariffId:
    """Add a tariff that has no prices yet.

    :raises AlreadyExists, InvalidValue: nothing was written
    """
    async with access.tenant(company_id) as connection:
        return await _add(connection, company_id=company_id, name=name)


async def _add(connection: Connection, *, company_id: CompanyId, name: str) -> TariffId:
    named = values.name(name, "name")
    return TariffId(await rows.insert(connection, "tariff", company_id=company_id, name=named))


async def set_price(
    *,
    company_id: CompanyId,
    tariff_id: TariffId,
    price_per_kwh: Decimal,
    valid_from: datetime,
    now: datetime,
) -> None:
    """Let a new price take effect at `valid_from`.

    Energy that a reading charges across that instant is split there (domain rule 3.3).

    :raises PriceInThePast: `valid_from` is not after what readings may be dated now, or not after
        every earlier version
    """
    async with access.tenant(company_id) as connection:
        await hold(connection, company_id=company_id, tariff_id=tariff_id)
        await end_current(
            connection, company_id=company_id, tariff_id=tariff_id, at=valid_from, now=now
        )
        await add_version(
            connection,
            company_id=company_id,
            tariff_id=tariff_id,
            version=flat(price_per_kwh),
            valid_from=valid_from,
            state=TariffState.ACTIVE,
        )


async def hold(connection: Connection, *, company_id: CompanyId, tariff_id: TariffId) -> None:
    """Let nobody else change a tariff's prices until the transaction ends.

    :raises NotThere: the company has no such tariff
    """
    held = await connection.fetchval(
        "select id from tariff where company_id = $1 and id = $2 for no key update",
        company_id,
        tariff_id,
    )
    if held is None:
        raise NotThere


async def end_current(
    connection: Connection,
    *,
    company_id: CompanyId,
    tariff_id: TariffId,
    at: datetime,
    now: datetime,
) -> None:
    """End the version that holds now, so that another one can begin.

    :raises PriceInThePast: energy from `at` on may be charged already
    """
    current = await connection.fetchval(
        "select valid_from from tariff_version where company_id = $1 and tariff_id = $2"
        " and state = 'ACTIVE' and valid_until is null",
        company_id,
        tariff_id,
    )
    # Readings may be dated a little ahead, and are charged at once.
    earliest = now + AHEAD_MAX if current is None else max(now + AHEAD_MAX, current)
    is_used = current is not None or await connection.fetchval(
        "select exists (select from account where company_id = $1 and tariff_id = $2) or"
        " exists (select from tariff_assignment where company_id = $1 and tariff_id = $2)",
        company_id,
        tariff_id,
    )
    if is_used and at <= earliest:
        raise PriceInThePast("valid_from", earliest=earliest.isoformat())
    await connection.execute(
        "update tariff_version set valid_until = $4 where company_id = $1 and tariff_id = $2"
        " and valid_from = $3 and state = 'ACTIVE'",
        company_id,
        tariff_id,
        current,
        at,
    )


async def add_version(
    connection: Connection,
    *,
    company_id: CompanyId,
    tariff_id: TariffId,
    version: Version,
    valid_from: datetime,
    state: TariffState,
    hand: Hand | None = None,
    proposed_at: datetime | None = None,
) -> TariffVersionId:
    """Write a version, and one flat price where the batch statement finds it."""
    price = simple_price(version)
    is_plain = price is not None and version == flat(price)
    definition = None if is_plain else orjson.dumps(written(version)).decode()
    return TariffVersionId(
        await rows.insert(
            connection,
            "tariff_version",
            company_id=company_id,
            tariff_id=tariff_id,
            valid_from=valid_from,
            state=state,
            price_per_kwh=price,
            definition=definition,
            proposed_by=None if hand is None else hand.user_id,
            proposed_by_key=None if hand is None else hand.key_id,
            proposed_at=proposed_at,
        )
    )
