"""A place whose accounts buy credit from the twin, and hear from it without a network between."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import asyncpg

from db import access
from db.access import Connection
from db.enums import RefundWay
from db.ids import AccountId, RefundId, SavedCardId, TopUpId
from domain.accounts import closing
from domain.accounts.closing import Ending
from domain.ledger.queries import verify
from domain.topups import events, refunds, starting
from domain.topups.gateway import Gateways
from domain.topups.starting import Started
from domain.topups.stripe import StripeGateway
from domain.topups.wishes import Wish
from tests.credit import owe
from tests.factories import NOW, Place, account_of, make_place
from tests.stripe_twin.server import Twin
from tests.stripe_twin.webhooks import body_of, signed
from tests.stripe_twin.world import Object
from tests.topups.stripe import RETURN_URL, SECRETS, stripe_gateway

_keys = count(1)


@dataclass(slots=True)
class Shop:
    """A shop.

    now: the time of ours and of the twin's. told: how many of the twin's events we have got.
    """

    place: Place
    twin: Twin
    gateway: StripeGateway
    told: int = 0
    now: datetime = field(default=NOW)

    @property
    def gateways(self) -> Gateways:
        return Gateways(self.gateway)

    @property
    def account_id(self) -> AccountId:
        return account_of(self.place)

    def tenant(self) -> AbstractAsyncContextManager[Connection]:
        return access.tenant(self.place.company_id)

    def system(self) -> AbstractAsyncContextManager[Connection]:
        return access.system()

    def move(self, by: timedelta) -> None:
        self.now += by
        self.twin.world.clock.stand_at(self.now.timestamp())

    async def start(
        self,
        amount: str = "25.5",
        *,
        key: str | None = None,
        by: Gateways | None = None,
        **wish: Any,
    ) -> Started:
        return await starting.start(
            company_id=self.place.company_id,
            wish=self.wish(amount, **wish),
            idempotency_key=key or f"key {next(_keys)}",
            gateways=by or self.gateways,
            now=self.now,
        )

    def wish(self, amount: str = "25.5", **wish: Any) -> Wish:
        asked = {"account_id": self.account_id, "return_url": RETURN_URL, **wish}
        return Wish(amount=Decimal(amount), **asked)

    async def paid(
        self, amount: str = "25.5", *, card: str = "pm_card_visa", **wish: Any
    ) -> TopUpId:
        """Start a top-up, submit its page, and hear of it."""
        started = await self.start(amount, **wish)
        self.submit(started, card)
        await self.hear()
        return started.top_up_id

    def submit(self, started: Started, card: str = "pm_card_visa") -> None:
        assert started.url is not None
        self.twin.act("checkout.pay", id=started.url.rpartition("/")[2], card=card)

    async def refund(
        self,
        top_up_id: TopUpId,
        amount: str | None = None,
        *,
        key: str | None = None,
        by: Gateways | None = None,
    ) -> RefundId:
        return await refunds.refund(
            company_id=self.place.company_id,
            top_up_id=top_up_id,
            amount=None if amount is None else Decimal(amount),
            reason="moved away",
            idempotency_key=key or f"key {next(_keys)}",
            gateways=by or self.gateways,
            now=self.now,
        )

    async def hear(self) -> None:
        """Hear what the twin has to tell since the last time."""
        new, self.told = self.twin.world.events[self.told :], len(self.twin.world.events)
        await self.hear_of(new)

    async def hear_of(self, told: Iterable[Object]) -> None:
        await self.keep(told)
        while await events.work(gateways=self.gateways, now=self.now):
            pass

    async def keep(self, told: Iterable[Object]) -> None:
        for event in told:
            body = body_of(event)
            header = signed(body, SECRETS, at_s=int(self.now.timestamp()))
            verified = self.gateway.verified(body, {"stripe-signature": header}, now=self.now)
            await events.keep(provider="stripe", event=verified, body=body, now=self.now)

    async def saved_card(self, card: str = "pm_card_visa") -> SavedCardId:
        """Buy credit for 25.50 with a card that is saved."""
        await self.paid(card=card, save_card=True)
        row = await access.read_row("select id from saved_card order by id desc limit 1")
        assert row is not None
        return SavedCardId(row["id"])

    async def end(self) -> None:
        """End the account, whose meter has counted nothing."""
        await closing.close(
            company_id=self.place.company_id,
            account_id=self.account_id,
            expected_version=1,
            ending=Ending(
                at=self.now - timedelta(hours=1),
                final_indexes={self.place.supplies[0].point_id: 0},
                refund_by=RefundWay.CASH,
            ),
            now=self.now,
        )

    async def owe(self, **sides: str) -> None:
        """Let the account owe: each side is debited against adjustments."""
        await owe(self.place, key=f"key {next(_keys)}", at=self.now, **sides)

    async def row(self, table: str) -> asyncpg.Record:
        """Return the only row of a table."""
        row = await access.read_row(f"select * from {table}")
        assert row is not None
        assert await self.count(table) == 1
        return row

    async def top_up(self, top_up_id: TopUpId) -> asyncpg.Record:
        row = await access.read_row(
            "select * from top_up where company_id = $1 and id = $2",
            self.place.company_id,
            top_up_id,
        )
        assert row is not None
        return row

    async def standing(self) -> dict[str, Decimal]:
        """Return how the account stands, but for what is zero; its books are right."""
        assert await verify() == []
        row = await access.read_row(
            "select balance_micro as balance, debt_micro as debt,"
            " emergency_used_micro as emergency, in_flight_micro as in_flight"
            " from account_balance where company_id = $1 and account_id = $2",
            self.place.company_id,
            self.account_id,
        )
        assert row is not None
        return {name: Decimal(micro).scaleb(-6) for name, micro in row.items() if micro}

    async def sides(self) -> dict[str, Decimal]:
        """Return the sums of all sides of the books, but for what is zero."""
        async with access.system() as connection:
            rows = await connection.fetch(
                "select l.kind, sum(e.amount) as amount from entry e join ledger_account l"
                " on l.company_id = e.company_id and l.id = e.ledger_account_id"
                " where e.company_id = $1 group by l.kind having sum(e.amount) <> 0",
                self.place.company_id,
            )
        return {row["kind"]: row["amount"] for row in rows}

    async def count(self, table: str) -> int:
        row = await access.read_row(f"select count(*) as n from {table}")
        assert row is not None
        return int(row["n"])


@asynccontextmanager
async def open_shop(twin: Twin) -> AsyncIterator[Shop]:
    """Lend a shop at NOW; the pools are open."""
    twin.world.clock.stand_at(NOW.timestamp())
    place = await make_place()
    async with stripe_gateway(twin) as gateway:
        yield Shop(place, twin, gateway)
