"""Small worlds for tests: a company with one place in it, made by the domain's own operations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from db import access
from db.enums import BillingMode, PointRole, TimeSource
from db.ids import (
    AccountId,
    BranchId,
    CollectorId,
    CompanyId,
    FieldId,
    FrameId,
    MeterId,
    PointId,
    PremisesId,
    RfModuleId,
    SubscriberId,
    TariffId,
)
from domain.accounts import operations as accounts
from domain.companies import operations as companies
from domain.hierarchy import branches, collectors, fields, meters, rf_modules
from domain.metering import mountings, points, premises
from domain.readings.batch import Read
from domain.subscribers import operations as subscribers
from domain.subscribers.keyring import Keyring
from domain.tariffs import operations as tariffs

NOW = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
OPENED_AT = NOW - timedelta(days=30)
TOKEN = "token-of-the-collector"  # noqa: S105 - a test's own
DATA_KEY = "a master key that is long enough for a test"
KEYRING = Keyring(DATA_KEY)
PRICE = Decimal("2.345678901")

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Supply:
    """One meter with all that hangs on it."""

    meter_id: MeterId
    serial: str
    premises_id: PremisesId
    point_id: PointId
    account_id: AccountId | None


@dataclass(slots=True)
class Place:
    """A company with one branch, field, collector and RF module, a tariff and a subscriber."""

    company_id: CompanyId
    branch_id: BranchId
    field_id: FieldId
    collector_id: CollectorId
    collector_serial: str
    rf_module_id: RfModuleId
    tariff_id: TariffId
    subscriber_id: SubscriberId
    supplies: list[Supply] = field(default_factory=list)


async def make_place(
    *,
    meters: int = 1,
    price: Decimal = PRICE,
    time_zone: str = "Europe/Istanbul",
    opened_at: datetime = OPENED_AT,
) -> Place:
    """Make a company whose meters each have an account of their own, opened at index 0."""
    number = next(_numbers)
    company_id = await companies.create(
        name=f"Company {number}", currency="TRY", time_zone=time_zone, now=opened_at
    )
    branch_id = await branches.create(company_id=company_id, name="North")
    field_id = await fields.create(
        company_id=company_id, branch_id=branch_id, name="Mall", latitude=41.0, longitude=29.0
    )
    collector_serial = f"C{number:07}"
    collector_id = await collectors.create(
        company_id=company_id,
        field_id=field_id,
        flag="WTL",
        serial=collector_serial,
        token=TOKEN,
        time_zone=time_zone,
    )
    place = Place(
        company_id=company_id,
        branch_id=branch_id,
        field_id=field_id,
        collector_id=collector_id,
        collector_serial=collector_serial,
        rf_module_id=await rf_modules.create(
            company_id=company_id, collector_id=collector_id, serial=f"RF{number}"
        ),
        tariff_id=await tariffs.create(
            company_id=company_id,
            name="Standard",
            price_per_kwh=price,
            valid_from=opened_at - timedelta(days=1),
        ),
        subscriber_id=await subscribers.create(
            company_id=company_id,
            reference=f"S{number}",
            contact={
                "name": "Ayşe Işık",
                "email": f"ayse{number}@example.com",
                "phone": "+905550000000",
            },
            keyring=KEYRING,
        ),
    )
    for _ in range(meters):
        await add_supply(place, opened_at=opened_at)
    return place


async def add_supply(
    place: Place,
    *,
    opened_at: datetime = OPENED_AT,
    multiplier: Decimal = Decimal(1),
    role: PointRole = PointRole.BILLING,
    with_account: bool = True,
    clock_rule: str = "+03:00",
    mounted: bool = True,
    initial_index_wh: int = 0,
    premises_id: PremisesId | None = None,
    parent_id: PointId | None = None,
) -> Supply:
    """Add a meter, mounted at a point of these or new premises, with an account of its own."""
    number = next(_numbers)
    serial = f"{number:08}"
    meter_id = await meters.create(
        company_id=place.company_id,
        rf_module_id=place.rf_module_id,
        serial=serial,
        clock_rule=clock_rule,
        make="KLM",
    )
    if premises_id is None:
        premises_id = await premises.create(
            company_id=place.company_id, field_id=place.field_id, name=f"Shop {number}"
        )
    point_id = await points.create(
        company_id=place.company_id,
        premises_id=premises_id,
        code=f"P{number}",
        role=role,
        parent_id=parent_id,
    )
    if mounted:
        await mountings.mount(
            company_id=place.company_id,
            meter_id=meter_id,
            point_id=point_id,
            started_at=opened_at,
            initial_index_wh=initial_index_wh,
            multiplier=multiplier,
            now=opened_at,
        )
    account_id = (
        await open_account(place, {point_id: initial_index_wh}, premises_id, opened_at=opened_at)
        if with_account
        else None
    )
    supply = Supply(meter_id, serial, premises_id, point_id, account_id)
    place.supplies.append(supply)
    return supply


async def open_account(
    place: Place,
    indexes: Mapping[PointId, int],
    premises_id: PremisesId,
    *,
    opened_at: datetime = OPENED_AT,
    billing_mode: BillingMode = BillingMode.PREPAID,
    category: str | None = None,
) -> AccountId:
    return await accounts.open_account(
        company_id=place.company_id,
        number=f"A{next(_numbers)}",
        subscriber_id=place.subscriber_id,
        premises_id=premises_id,
        tariff_id=place.tariff_id,
        points=indexes,
        opened_at=opened_at,
        billing_mode=billing_mode,
        category=category,
        now=opened_at,
    )


async def make_register_set(
    company_id: CompanyId, obis: Sequence[str] = ("1.8.0",), unit: str = "Wh"
) -> int:
    async with access.system() as connection:
        return int(
            await connection.fetchval(
                "insert into register_set (company_id, obis, scaler, unit) values ($1, $2, $3, $4)"
                " returning id",
                company_id,
                list(obis),
                [0] * len(obis),
                [unit] * len(obis),
            )
        )


def make_read(
    place: Place,
    register_set_id: int,
    at: datetime,
    index_wh: int | None,
    *,
    supply: Supply | None = None,
    values: Sequence[int | None] | None = None,
    received_at: datetime | None = None,
) -> Read:
    """Make a read of a supply (the first by default) whose only register is the total."""
    supply = supply or place.supplies[0]
    return Read(
        company_id=place.company_id,
        meter_id=supply.meter_id,
        field_id=place.field_id,
        register_set_id=register_set_id,
        at=at,
        raw_index_wh=index_wh,
        values=[index_wh] if values is None else values,
        time_source=TimeSource.METER,
        meter_at=at,
        collector_at=None,
        received_at=received_at or at,
        frame_id=FrameId(next(_numbers)),
    )


def account_of(place: Place, number: int = 0) -> AccountId:
    """Return the account of a supply, the first by default."""
    account_id = place.supplies[number].account_id
    assert account_id is not None
    return account_id
