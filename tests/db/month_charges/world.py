"""A company that charges demand and reactive energy by the month, and what it charged."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from db import access
from db.enums import BillingMode, ComponentKind
from db.ids import AccountId, MountingId, TariffId
from domain.invoices import monthly
from domain.invoices.rules import Month
from domain.invoices.stored import StoredInvoice
from domain.ledger import operations as ledger
from domain.metering import points, removals
from domain.month_charges import runs
from domain.readings import operations as readings
from domain.readings.register_sets import ids_of
from domain.tariffs import operations as tariffs
from domain.tariffs import proposals
from domain.tariffs.components import Component, Flat, Tax, Version
from domain.tariffs.presets import TR_REACTIVE
from tests.db.invoicing import FEBRUARY, ISSUED_AT, MARCH, invoice_of
from tests.factories import (
    Place,
    Supply,
    account_of,
    add_supply,
    make_place,
    make_read,
    open_account,
)

__all__ = ["FEBRUARY", "MARCH"]

DAY = timedelta(days=1)
# Istanbul is three hours ahead: its months begin here.
STARTS_AT = datetime(2026, 1, 31, 21, tzinfo=UTC)
ENDS_AT = datetime(2026, 2, 28, 21, tzinfo=UTC)
MARCH_ENDS_AT = datetime(2026, 3, 31, 21, tzinfo=UTC)
OPENED_AT = STARTS_AT - timedelta(days=4)
CHARGED_AT = ENDS_AT + timedelta(hours=7)
LATER = MARCH_ENDS_AT + timedelta(hours=7)

# 1,000 kWh with 250 kvarh inductive, over 20 %, and a peak of 12.5 kW.
USED = {
    STARTS_AT: (0, 0, 0, 40_000),
    STARTS_AT + timedelta(days=3): (100_000, 10_000, 0, 12_500),
    ENDS_AT: (1_000_000, 250_000, 100_000, 12_500),
}

ENERGY = Component(name="Energy", kind=ComponentKind.ENERGY, shape=Flat(Decimal(1)))
DEMAND = Component(
    name="Demand", kind=ComponentKind.DEMAND, shape=Flat(Decimal(10)), register="1.6.0"
)
REACTIVE = Component(
    name="Reactive", kind=ComponentKind.REACTIVE, shape=Flat(Decimal("0.5")), register="5.8.0"
)
VAT = Tax(name="VAT", rate=Decimal("0.2"), on=frozenset(ComponentKind))
MONTHLY = Version(components=(ENERGY, DEMAND, REACTIVE), taxes=(VAT,), reactive=TR_REACTIVE)
# 50 kVA and more: 20 % inductive, 15 % capacitive.
FACTORY: Mapping[str, Any] = {
    "installed_kva": Decimal(160),
    "connection_kw": Decimal(120),
    "phases": 3,
}
REGISTERS = (
    ("1.6.0", 0, "W"),
    ("1.8.0", 0, "Wh"),
    ("5.8.0", 0, "varh"),
    ("8.8.0", 0, "varh"),
)
Shown = Sequence[int | None]
"""What 1.8.0, 5.8.0, 8.8.0 and 1.6.0 show, in Wh, varh and W; the last ones may be left out."""


async def make_monthly(
    *,
    accounts: int = 1,
    billing_mode: BillingMode = BillingMode.PREPAID,
    version: Version = MONTHLY,
    time_zone: str = "Europe/Istanbul",
    opened_at: datetime = OPENED_AT,
    facts: Mapping[str, Any] = FACTORY,
) -> Place:
    """Make a company whose accounts pay for months as a whole."""
    place = await make_place(meters=0, opened_at=opened_at, time_zone=time_zone)
    place.tariff_id = await approved(place, version, opened_at - DAY)
    for _ in range(accounts):
        await add_factory(place, billing_mode=billing_mode, opened_at=opened_at, facts=facts)
    return place


async def approved(place: Place, version: Version, valid_from: datetime) -> TariffId:
    tariff_id = await tariffs.create_empty(
        company_id=place.company_id, name=f"Monthly of {valid_from}"
    )
    before = valid_from - DAY
    version_id = await proposals.propose(
        company_id=place.company_id,
        tariff_id=tariff_id,
        version=version,
        valid_from=valid_from,
        by=None,
        now=before,
    )
    await proposals.approve(company_id=place.company_id, version_id=version_id, by=None, now=before)
    return tariff_id


async def add_factory(
    place: Place,
    *,
    billing_mode: BillingMode = BillingMode.PREPAID,
    opened_at: datetime = OPENED_AT,
    facts: Mapping[str, Any] = FACTORY,
    category: str | None = None,
    multiplier: Decimal = Decimal(1),
) -> Supply:
    """Add a metering point with a meter, whose account pays by the month."""
    supply = await add_supply(place, opened_at=opened_at, with_account=False, multiplier=multiplier)
    await know(place, supply, facts)
    account_id = await open_account(
        place,
        {supply.point_id: 0},
        supply.premises_id,
        opened_at=opened_at,
        billing_mode=billing_mode,
        category=category,
    )
    place.supplies[-1] = replace(supply, account_id=account_id)
    return place.supplies[-1]


async def exchange(place: Place, new: Supply, *, at: datetime, indexes_wh: tuple[int, int]) -> None:
    """Mount another meter in place of the first one. indexes_wh: what the two show then."""
    old = place.supplies[0]
    mounting_id = await value("select id from mounting where meter_id = $1", old.meter_id)
    final_index_wh, initial_index_wh = indexes_wh
    await removals.exchange(
        company_id=place.company_id,
        mounting_id=MountingId(mounting_id),
        meter_id=new.meter_id,
        exchanged_at=at,
        final_index_wh=final_index_wh,
        initial_index_wh=initial_index_wh,
        now=at,
    )


async def know(place: Place, supply: Supply, facts: Mapping[str, Any]) -> None:
    """Say what is known of a point's connection."""
    version = await value("select version from metering_point where id = $1", supply.point_id)
    await points.update(
        company_id=place.company_id,
        point_id=supply.point_id,
        expected_version=version,
        changes=facts,
        now=CHARGED_AT,
    )


async def read(
    place: Place,
    shown: Mapping[datetime, Shown],
    supply: Supply | None = None,
    *,
    now: datetime | None = None,
) -> None:
    """Let a meter be read at instants, and close all days."""
    async with access.system() as connection:
        ids = await ids_of(connection, [(place.company_id, REGISTERS)], {})
        (registers,) = ids.values()
        reads = [
            make_read(place, registers, at, told[0], supply=supply, values=_values(told))
            for at, told in sorted(shown.items())
        ]
        await readings.store(connection, reads, now=now or max(shown))
    await ledger.close_days(now=LATER)


def _values(told: Shown) -> list[int | None]:
    active, inductive, capacitive, demand = [*told, None, None, None][:4]
    return [demand, active, inductive, capacitive]


async def work(now: datetime = CHARGED_AT) -> int:
    return await runs.work(now=now)


async def invoice(place: Place, month: Month = FEBRUARY) -> StoredInvoice:
    """Invoice a month of the first account."""
    invoice_id = await monthly.issue(
        company_id=place.company_id,
        account_id=account_of(place),
        month=month,
        now=ISSUED_AT if month == FEBRUARY else LATER,
    )
    return await invoice_of(place.company_id, invoice_id)


async def charged(
    place: Place, month: Month = FEBRUARY, account_id: AccountId | None = None
) -> Decimal:
    """Return what the books have of a month of the first account: net, before taxes."""
    amount = await value(
        "select coalesce(sum(amount_micro), 0)::int8 from month_charge_line"
        " where account_id = $1 and month = $2",
        account_id or account_of(place),
        month.first,
    )
    return Decimal(amount) / 1_000_000


async def verdict(
    place: Place, month: Month = FEBRUARY, account_id: AccountId | None = None
) -> dict[str, Any]:
    (row,) = await rows(
        "select * from month_verdict where account_id = $1 and month = $2",
        account_id or account_of(place),
        month.first,
    )
    return row


async def value(query: str, *arguments: object) -> Any:
    async with access.system() as connection:
        return await connection.fetchval(query, *arguments)


async def rows(query: str, *arguments: object) -> list[dict[str, Any]]:
    async with access.system() as connection:
        return [dict(row) for row in await connection.fetch(query, *arguments)]
