"""The worker process: drain loops, the sweeper, and arq beside them."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry

from collectors.health_server import serve_health
from db import access
from db.bell import Bell
from db.settings import Settings, Urls
from domain.health import is_ready, vitals
from domain.subscribers.keyring import Keyring
from domain.topups.providers import gateways_of
from workers.arq_queue import supervise
from workers.einvoices import hand_over, integrator_of
from workers.ingest import Drain
from workers.jobs.messages import postman_of
from workers.jobs.topups import Cashier
from workers.long_jobs import work_on
from workers.reports import send_reports
from workers.sweeper import sweep
from workers.works import works

OTHER_CONNECTIONS = 6


async def run(
    settings: Settings,
    urls: Urls,
    redis_url: str,
    *,
    keyring: Keyring,
    clock: Callable[[], datetime],
) -> None:
    """Work until cancelled. Without Redis it goes on, later by a poll."""
    database = urlsplit(urls.system).path.lstrip("/")
    connections = settings.ingest_connections
    gateways = gateways_of(settings, clock=clock)
    await access.connect(urls, pool_size=connections + OTHER_CONNECTIONS)
    try:
        async with (
            Bell(redis_url, database) as bell,
            serve_health(
                host=settings.health_host,
                port=settings.worker_health_port,
                registry=CollectorRegistry(),
                checks={"database": is_ready},
                measure=lambda: vitals(now=clock()),
            ),
            asyncio.TaskGroup() as tasks,
        ):
            for number in range(connections):
                drain = Drain(number=number, connections=connections, bell=bell, clock=clock)
                tasks.create_task(drain.run())
            tasks.create_task(sweep(clock=clock))
            tasks.create_task(send_reports(clock=clock))
            tasks.create_task(work_on(works=works(keyring), clock=clock))
            if (integrator := integrator_of(settings)) is not None:
                tasks.create_task(hand_over(integrator, keyring=keyring, clock=clock))
            postman = postman_of(settings, keyring=keyring, clock=clock)
            if postman is not None:
                tasks.create_task(postman.run())
            if gateways.all():
                cashier = Cashier(gateways, bell, clock=clock)
                tasks.create_task(cashier.run())
                tasks.create_task(cashier.run_chores())
            tasks.create_task(
                supervise(redis_url=redis_url, queue_name=f"{database}:arq", clock=clock)
            )
    finally:
        await gateways.close()
        await access.close()
