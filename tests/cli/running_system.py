"""A gateway and a drain loop within the test, on the test's own database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from cli.migrate import make_usable
from collectors.drivers.mass.push import PushSession
from collectors.frame_writer import FrameWriter
from collectors.gateway import Admission, Gateway
from db import access
from db.bell import Bell
from db.settings import Urls
from domain import partitions
from tests.factories import KEYRING
from workers.ingest import Drain

HOST = "127.0.0.1"


@dataclass(slots=True)
class System:
    """now: the time of gateway and worker; move it by `travel`."""

    now: datetime
    port: int = 0

    def clock(self) -> datetime:
        return self.now

    async def travel(self, now: datetime) -> None:
        self.now = now
        await partitions.maintain(now=now)


@asynccontextmanager
async def running_system(urls: Urls, redis_url: str, now: datetime) -> AsyncIterator[System]:
    system = System(now)
    await make_usable(urls, keyring=KEYRING, now=now)
    await access.connect(urls, pool_size=4)
    try:
        async with (
            Bell(redis_url, urlsplit(urls.system).path.strip("/")) as bell,
            asyncio.TaskGroup() as tasks,
        ):
            writer = FrameWriter(bell=bell, clock=system.clock)
            gateway = Gateway(
                writer=writer, new_session=PushSession, admission=Admission(), clock=system.clock
            )
            drain = Drain(number=0, connections=1, bell=bell, clock=system.clock)
            running = [tasks.create_task(writer.run()), tasks.create_task(drain.run())]
            server = await gateway.serve(HOST, 0)
            system.port = server.sockets[0].getsockname()[1]
            try:
                yield system
            finally:
                server.close()
                await gateway.close()
                for task in running:
                    task.cancel()
    finally:
        await access.close()
