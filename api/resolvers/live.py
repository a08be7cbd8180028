"""Subscriptions: what changed, for those who may see it."""

from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import aclosing
from itertools import groupby
from typing import Annotated

import strawberry

from api.context import Info
from api.permissions.requires import requires
from api.resolvers.wanted import IDS_MAX, WantedReadings, cursor_of, visible, wanted_readings
from api.schema.accounts import Account
from api.schema.live import BalancesChanged, ChangedBalance, ReadingsReceived, ReceivedReading
from db.access import tenant
from db.enums import Scope
from db.ids import AccountId
from domain import listing
from domain.accounts.queries import standings
from domain.outbox import Cursor, OutboxRow, Topic, position
from domain.readings.received import received

MeterIds = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description=f"Only these meters, at most {IDS_MAX}."),
]
OneField = Annotated[strawberry.ID | None, strawberry.argument(description="Only of this field.")]
OneAccount = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only what this account pays for.")
]
AccountIds = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description=f"Only these accounts, at most {IDS_MAX}."),
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor of the last event that was seen: begin with what came after it."
    ),
]


@strawberry.type
class LiveSubscription:
    @strawberry.subscription(
        description="Readings as they are stored; one event for each batch with any.",
        extensions=[requires(Scope.READINGS_READ)],
    )
    async def reading_received(
        self,
        info: Info,
        meter_ids: MeterIds = None,
        field_id: OneField = None,
        account_id: OneAccount = None,
        after: After = None,
    ) -> AsyncGenerator[ReadingsReceived | None, None]:
        wanted = await wanted_readings(info, meter_ids, field_id, account_id)
        start = None if after is None else cursor_of(after)
        if start is not None and start.is_expired(now=info.context.clock()):
            start = await _here(info)
            yield ReadingsReceived(cursor=str(start), gap=True, readings=[])
        async with aclosing(_batches(info, "readings", start)) as batches:
            async for rows in batches:
                # A batch tells of each of its fields in a row; together they cost one query.
                for _, of_batch in groupby(rows, key=lambda row: row.cursor.xid):
                    event = await _readings(info, list(of_batch), wanted)
                    if event is not None:
                        yield event

    @strawberry.subscription(
        description="Balances as they change; an event has the newest state of each account.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    async def balance_changed(
        self, info: Info, account_ids: AccountIds = None, after: After = None
    ) -> AsyncGenerator[BalancesChanged | None, None]:
        wanted = await visible(info, Account, account_ids, argument="accountIds")
        start = None if after is None else cursor_of(after)
        if start is not None and start.is_expired(now=info.context.clock()):
            start = await _here(info)
            yield BalancesChanged(cursor=str(start), gap=True, balances=[])
        async with aclosing(_batches(info, "balances", start)) as batches:
            async for rows in batches:
                event = await _balances(info, rows, wanted)
                if event is not None:
                    yield event


async def _here(info: Info) -> Cursor:
    async with tenant(info.context.signed_in.company_id) as connection:
        return await position(connection, now=info.context.clock())


def _batches(
    info: Info, topic: Topic, start: Cursor | None
) -> AsyncGenerator[list[OutboxRow], None]:
    company_id = info.context.signed_in.company_id
    return info.context.equipment.live.follow(company_id, topic, after=start)


async def _readings(
    info: Info, rows: list[OutboxRow], wanted: WantedReadings
) -> ReadingsReceived | None:
    meter_ids = [meter_id for row in rows for meter_id in wanted.meters_of(row)]
    if not meter_ids:
        return None
    reach = info.context.renewed(info.context.caller).loaders.reach
    async with reach.connection() as connection:
        found = await received(
            connection, rows, meter_ids=meter_ids, account_id=wanted.account_id, wall=reach.wall
        )
    if not found:
        return None
    readings = [ReceivedReading.of(one) for one in found]
    return ReadingsReceived(cursor=str(rows[-1].cursor), gap=False, readings=readings)


async def _balances(
    info: Info, rows: list[OutboxRow], wanted: Collection[int] | None
) -> BalancesChanged | None:
    account_ids = sorted(_accounts_of(rows, wanted))
    if not account_ids:
        return None
    reach = info.context.renewed(info.context.caller).loaders.reach
    async with reach.connection() as connection:
        rows_seen = await listing.by_ids(connection, Account.listing, account_ids, wall=reach.wall)
        found = await standings(connection, list(rows_seen), wall=reach.wall)
    if not found:
        return None
    return BalancesChanged(
        cursor=str(rows[-1].cursor),
        gap=False,
        balances=[
            ChangedBalance.of(AccountId(account_id), found[account_id])
            for account_id in sorted(found)
        ],
    )


def _accounts_of(rows: Iterable[OutboxRow], wanted: Collection[int] | None) -> set[int]:
    changed = {int(account_id) for row in rows for account_id in row.account_ids}
    return changed if wanted is None else changed.intersection(wanted)
