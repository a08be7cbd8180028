"""Work for payments: what providers told, what to ask them, and the nightly comparison."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import asyncpg

from db.access import DatabaseUnavailable
from db.acting import Actor, acting
from db.bell import Bell
from db.enums import ActorKind
from domain.jobs import claim
from domain.topups import automatic, events, forgetting, looking, reconciliation
from domain.topups.gateway import Gateways, ProviderUnavailable

IDLE_WAIT_S = 1.0
RETRY_PAUSE_S = 2.0
CHORES_EVERY_S = 5.0

log = logging.getLogger(__name__)

Chore = Callable[[datetime], Awaitable[object]]


class Cashier:
    """Brings top-ups in line with what their providers say; several may run beside each other."""

    def __init__(self, gateways: Gateways, bell: Bell, *, clock: Callable[[], datetime]) -> None:
        self._gateways = gateways
        self._bell = bell
        self._clock = clock
        self._chores: Mapping[str, tuple[timedelta, Chore]] = {
            "topups.look_again": (timedelta(seconds=30), self._look_again),
            "topups.buy": (timedelta(seconds=30), self._buy),
            "topups.reconcile": (timedelta(minutes=1), self._reconcile),
            "topups.forget_customers": (timedelta(minutes=1), self._forget_customers),
            "topups.forget_events": (timedelta(hours=1), self._forget),
        }

    async def run(self) -> None:
        """Work on events until cancelled; what fails waits and is tried again."""
        job = Actor(kind=ActorKind.JOB, name="topups.hear")
        while True:
            try:
                with acting(job):
                    worked = await events.work(gateways=self._gateways, now=self._clock())
            except (*DatabaseUnavailable, asyncpg.PostgresError) as error:
                log.warning("topups.interrupted", extra={"reason": repr(error)})
                await asyncio.sleep(RETRY_PAUSE_S)
            except Exception:
                log.exception("topups.failed")
                await asyncio.sleep(RETRY_PAUSE_S)
            else:
                await self._rest(worked)

    async def _rest(self, worked: int) -> None:
        if worked:
            await self._bell.ring("outbox")
        else:
            await self._bell.wait("payments", IDLE_WAIT_S)

    async def run_chores(self) -> None:
        """Do what is due until cancelled. One chore's failure stops no other."""
        while True:
            await self.do_chores()
            await asyncio.sleep(CHORES_EVERY_S)

    async def do_chores(self) -> None:
        """Do what is due and nobody else has taken."""
        for name, (period, chore) in self._chores.items():
            try:
                if await claim(name=name, period=period, now=self._clock()):
                    with acting(Actor(kind=ActorKind.JOB, name=name)):
                        await chore(self._clock())
            except (*DatabaseUnavailable, asyncpg.PostgresError, ProviderUnavailable) as error:
                log.warning("topups.interrupted", extra={"job": name, "reason": repr(error)})
            except Exception:
                log.exception("topups.failed", extra={"job": name})

    async def _look_again(self, now: datetime) -> None:
        await looking.look_again(gateways=self._gateways, now=now)

    async def _buy(self, now: datetime) -> None:
        await automatic.buy_due(gateways=self._gateways, now=now)

    async def _reconcile(self, now: datetime) -> None:
        for gateway in self._gateways.all():
            while await reconciliation.compare(gateway=gateway, now=now):
                pass

    async def _forget_customers(self, now: datetime) -> None:
        await forgetting.forget_customers(gateways=self._gateways, now=now)

    async def _forget(self, now: datetime) -> None:
        await events.forget(now=now)
