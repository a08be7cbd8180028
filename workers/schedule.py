"""Which jobs recur, and how one is run when somebody says that it may be due."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from db.acting import Actor, acting
from db.enums import ActorKind
from domain.jobs import claim
from workers.jobs import (
    accounts,
    analytics,
    audit,
    devices,
    files,
    frames,
    invoices,
    ledger,
    leftovers,
    messages,
    notices,
    partitions,
    payments,
    profiles,
    readings,
)

log = logging.getLogger(__name__)


class Run(Protocol):
    def __call__(self, *, now: datetime) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class RecurringJob:
    """A job and how often it runs. Safe to run twice and to be killed in."""

    period: timedelta
    run: Run


RECURRING: Mapping[str, RecurringJob] = MappingProxyType(
    {
        "accounts.attend": RecurringJob(timedelta(seconds=3), accounts.attend),
        "analytics.fold": RecurringJob(timedelta(seconds=5), analytics.fold),
        "analytics.measure": RecurringJob(timedelta(minutes=5), analytics.measure),
        "audit.forget_contact_reads": RecurringJob(timedelta(hours=1), audit.forget_contact_reads),
        "audit.seal": RecurringJob(timedelta(seconds=3), audit.seal),
        "devices.forget_synchronisations": RecurringJob(
            timedelta(hours=1), devices.forget_synchronisations
        ),
        "devices.note_silences": RecurringJob(timedelta(minutes=5), devices.note_silences),
        "devices.tell_silences": RecurringJob(timedelta(minutes=1), devices.tell_silences),
        "files.remove_expired": RecurringJob(timedelta(minutes=10), files.remove_expired),
        "frames.forget": RecurringJob(timedelta(minutes=1), frames.forget),
        "frames.release_matchable": RecurringJob(timedelta(minutes=1), frames.release_matchable),
        "invoices.month_end": RecurringJob(timedelta(seconds=5), invoices.month_end),
        "invoices.purchases": RecurringJob(timedelta(seconds=3), invoices.purchases),
        "ledger.charge_months": RecurringJob(timedelta(seconds=5), ledger.charge_months),
        "ledger.close_days": RecurringJob(timedelta(minutes=1), ledger.close_days),
        "leftovers.remove": RecurringJob(timedelta(hours=1), leftovers.remove),
        "messages.forget": RecurringJob(timedelta(hours=1), messages.forget),
        "notices.start": RecurringJob(timedelta(minutes=10), notices.start),
        "partitions.maintain": RecurringJob(timedelta(hours=1), partitions.maintain),
        "payments.forget_texts": RecurringJob(timedelta(hours=1), payments.forget_texts),
        "profiles.forget": RecurringJob(timedelta(minutes=1), profiles.forget),
        "readings.forget": RecurringJob(timedelta(minutes=1), readings.forget),
    }
)


async def run_if_due(name: str, *, clock: Callable[[], datetime]) -> bool:
    """Run a recurring job if it is due and nobody else has taken it; return whether it ran."""
    job = RECURRING[name]
    now = clock()
    if not await claim(name=name, period=job.period, now=now):
        return False
    with acting(Actor(kind=ActorKind.JOB, name=name)):
        await job.run(now=now)
    log.info("job.done", extra={"job": name})
    return True
