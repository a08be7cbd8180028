"""Making the demo's company, by the operations that everybody else uses."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cli.demo.memory import Memory
from cli.demo.plan import (
    CLOCK_RULE,
    CROSSES_LIMIT,
    CURRENCY,
    FIELDS,
    FLAG,
    MAKE,
    METERS_PER_MODULE,
    PRICE_PER_KWH,
    TIME_ZONE,
    WARNING_LIMIT,
    DemoMeter,
    Plan,
)
from collectors.simulator.load import energy_wh
from db.enums import PointRole, Relay, Role
from db.ids import (
    BranchId,
    CollectorId,
    CompanyId,
    FieldId,
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
from domain.identity import operations as identity
from domain.identity.passwords import Passwords
from domain.ledger import operations as ledger
from domain.metering import mountings, points, premises
from domain.subscribers import operations as subscribers
from domain.subscribers.keyring import Keyring
from domain.tariffs import operations as tariffs

AT_ONCE: Final = 6
READING_PERIOD_S: Final = 60


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every meter of the company stands on. opened_at: when metering and accounts begin."""

    plan: Plan
    company_id: CompanyId
    tariff_id: TariffId
    field_ids: list[FieldId]
    rf_module_ids: dict[tuple[int, int], RfModuleId]
    keyring: Keyring
    opened_at: datetime
    now: datetime


async def found_company(
    memory: Memory,
    *,
    keyring: Keyring,
    opened_at: datetime,
    now: datetime,
    made: Callable[[], None],
) -> CompanyId:
    """Make the company with all that the plan says, and a user for each role.

    made: is told of every meter that is there.
    """
    ground = await _ground(memory, keyring, opened_at, now)
    places = asyncio.Semaphore(AT_ONCE)

    async def add(meter: DemoMeter) -> SubscriberId | None:
        async with places:
            subscriber_id = await _add_meter(ground, meter)
        made()
        return subscriber_id

    async with asyncio.TaskGroup() as tasks:
        adding = [tasks.create_task(add(meter)) for meter in memory.plan.meters]
    shown = adding[CROSSES_LIMIT].result()
    await _add_users(ground.company_id, memory, shown, now)
    return ground.company_id


async def _ground(memory: Memory, keyring: Keyring, opened_at: datetime, now: datetime) -> _Ground:
    plan = memory.plan
    company_id = await companies.create(
        name=plan.company_name,
        currency=CURRENCY,
        time_zone=TIME_ZONE,
        warning_limit=WARNING_LIMIT,
        now=now,
    )
    field_ids = await _add_fields(company_id)
    tariff_id = await tariffs.create(
        company_id=company_id,
        name="Commercial, one rate",
        price_per_kwh=PRICE_PER_KWH,
        valid_from=opened_at - timedelta(days=1),
    )
    rf_module_ids: dict[tuple[int, int], RfModuleId] = {}
    for number in range(plan.collector_count):
        collector_id = await collectors.create(
            company_id=company_id,
            field_id=field_ids[number % len(field_ids)],
            flag=FLAG,
            serial=plan.collector_serial(number),
            token=memory.collector_token,
            time_zone=TIME_ZONE,
            make=MAKE,
        )
        rf_module_ids |= await _add_modules(company_id, collector_id, plan, number)
    return _Ground(plan, company_id, tariff_id, field_ids, rf_module_ids, keyring, opened_at, now)


async def _add_fields(company_id: CompanyId) -> list[FieldId]:
    branch_ids: dict[str, BranchId] = {}
    field_ids = []
    for place in FIELDS:
        if place.branch not in branch_ids:
            branch_ids[place.branch] = await branches.create(
                company_id=company_id, name=place.branch
            )
        field_ids.append(
            await fields.create(
                company_id=company_id,
                branch_id=branch_ids[place.branch],
                name=place.name,
                latitude=place.latitude,
                longitude=place.longitude,
            )
        )
    return field_ids


async def _add_modules(
    company_id: CompanyId, collector_id: CollectorId, plan: Plan, collector: int
) -> dict[tuple[int, int], RfModuleId]:
    """Add as many modules as the collector's meters need; by collector and module number."""
    of_collector = -(-(plan.meter_count - collector) // plan.collector_count)
    count = -(-of_collector // METERS_PER_MODULE)
    return {
        (collector, module): await rf_modules.create(
            company_id=company_id,
            collector_id=collector_id,
            serial=f"{plan.collector_serial(collector)}-{module + 1:02}",
            make=MAKE,
            radio_address=f"{collector:02X}:{module:02X}",
            reading_period_s=READING_PERIOD_S,
        )
        for module in range(count)
    }


async def _add_meter(ground: _Ground, meter: DemoMeter) -> SubscriberId | None:
    """Add a meter, where it is mounted, and who pays; None when nobody does."""
    meter_id = await _create_meter(ground, meter)
    field_id = ground.field_ids[meter.collector % len(ground.field_ids)]
    premises_id = await premises.create(
        company_id=ground.company_id, field_id=field_id, name=f"Unit {meter.number + 1:04}"
    )
    point_id = await points.create(
        company_id=ground.company_id,
        premises_id=premises_id,
        code=f"T{meter.serial}",
        role=meter.role,
    )
    await mountings.mount(
        company_id=ground.company_id,
        meter_id=meter_id,
        point_id=point_id,
        started_at=ground.opened_at,
        initial_index_wh=energy_wh(meter.simulated.seed, ground.opened_at),
        now=ground.now,
    )
    if meter.role is PointRole.CHECK:
        return None
    return await _open_account(ground, meter, premises_id, point_id)


async def _create_meter(ground: _Ground, meter: DemoMeter) -> MeterId:
    of_collector = meter.number // ground.plan.collector_count
    return await meters.create(
        company_id=ground.company_id,
        rf_module_id=ground.rf_module_ids[meter.collector, of_collector // METERS_PER_MODULE],
        serial=meter.serial,
        clock_rule=CLOCK_RULE,
        make=MAKE,
        relay=Relay.INTERNAL,
    )


async def _open_account(
    ground: _Ground, meter: DemoMeter, premises_id: PremisesId, point_id: PointId
) -> SubscriberId:
    number = f"{meter.number + 1:06}"
    subscriber_id = await subscribers.create(
        company_id=ground.company_id,
        reference=f"S{number}",
        contact={
            "name": meter.subscriber_name,
            "email": f"subscriber{number}@demo.example",
            "language": "tr",
        },
        keyring=ground.keyring,
    )
    account_id = await accounts.open_account(
        company_id=ground.company_id,
        number=f"A{number}",
        subscriber_id=subscriber_id,
        premises_id=premises_id,
        tariff_id=ground.tariff_id,
        points={point_id: energy_wh(meter.simulated.seed, ground.opened_at)},
        opened_at=ground.opened_at,
        billing_mode=meter.billing_mode,
        now=ground.now,
    )
    credit = meter.credit(since=ground.opened_at, now=ground.now)
    if credit:
        await ledger.credit_cash(
            company_id=ground.company_id,
            account_id=account_id,
            amount=credit,
            idempotency_key=f"demo/first-credit/{account_id}",
            occurred_at=ground.opened_at,
        )
    return subscriber_id


async def _add_users(
    company_id: CompanyId, memory: Memory, shown: SubscriberId | None, now: datetime
) -> None:
    passwords = Passwords()
    try:
        for role, password in memory.passwords.items():
            user_id = await identity.create_user(
                email=memory.plan.email(Role(role)),
                name=role.capitalize(),
                password=password,
                passwords=passwords,
                now=now,
                platform_role=Role.DEVELOPER if role == Role.DEVELOPER else None,
            )
            if role != Role.DEVELOPER:
                await identity.add_membership(
                    company_id=company_id,
                    user_id=user_id,
                    role=Role(role),
                    subscriber_id=shown if role == Role.SUBSCRIBER else None,
                )
    finally:
        passwords.close()
