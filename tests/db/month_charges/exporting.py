"""Accounts that import and export energy, by tariffs that net the two."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from db import access
from db.enums import BillingMode, ComponentKind, EnergyDirection, NettingPeriod
from domain.ledger import operations as ledger
from domain.month_charges import kept_netting
from domain.readings import operations as readings
from domain.readings.register_sets import ids_of
from domain.tariffs.components import Component, Flat, Netting, Tax, Version
from tests.db.month_charges.world import (
    DAY,
    ENDS_AT,
    LATER,
    STARTS_AT,
    make_monthly,
    verdict,
)
from tests.factories import Place, Supply, make_read

REGISTERS = (("1.8.0", 0, "Wh"), ("2.8.0", 0, "Wh"))
BOUGHT = Component(name="Energy", kind=ComponentKind.ENERGY, shape=Flat(Decimal(3)))
CARRIED = Component(name="Grid", kind=ComponentKind.DISTRIBUTION, shape=Flat(Decimal(1)))
SOLD = Component(
    name="Sold",
    kind=ComponentKind.ENERGY,
    direction=EnergyDirection.EXPORT,
    register="2.8.0",
    shape=Flat(Decimal(2)),
)
VAT = Tax(name="VAT", rate=Decimal("0.2"), on=frozenset({ComponentKind.ENERGY}))
NETTED = Version(
    components=(BOUGHT, CARRIED, SOLD), taxes=(VAT,), netting=Netting(period=NettingPeriod.MONTH)
)
# 1,000 kWh imported, and 400 kWh exported.
SURPLUS = {STARTS_AT: (5_000, 1_000), ENDS_AT: (1_005_000, 401_000)}
MIDDLE = STARTS_AT + 10 * DAY


async def make_exporting(
    version: Version = NETTED, *, billing_mode: BillingMode = BillingMode.PREPAID, **more: Any
) -> Place:
    return await make_monthly(version=version, billing_mode=billing_mode, **more)


async def read(
    place: Place,
    shown: Mapping[datetime, Sequence[int | None]],
    supply: Supply | None = None,
    *,
    now: datetime | None = None,
) -> None:
    """Let a meter be read at instants: what 1.8.0 and 2.8.0 show, in Wh. Close all days."""
    async with access.system() as connection:
        ids = await ids_of(connection, [(place.company_id, REGISTERS)], {})
        (registers,) = ids.values()
        reads = [
            make_read(place, registers, at, told[0], supply=supply, values=list(told))
            for at, told in sorted(shown.items())
        ]
        await readings.store(connection, reads, now=now or max(shown))
    await ledger.close_days(now=LATER)


async def netting(place: Place, **which: Any) -> dict[str, Any]:
    """Return what is kept of a month's netting, but what is nothing of it, and its lines."""
    told = kept_netting.read(orjson.loads((await verdict(place, **which))["netting"]))
    names = ("imported_kwh", "exported_kwh", "netted_kwh", "untold_kwh", "not_netted")
    return {name: value for name in names if (value := getattr(told, name))}
