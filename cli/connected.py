"""Work on the database from a command, on whichever servers there are."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from cli.embedded.apart import run_apart
from cli.servers import servers, wait_for_database
from cli.surroundings import read_settings
from db import access

Result = TypeVar("Result")


def connected(work: Callable[[], Awaitable[Result]]) -> Result:
    """Do `work` with a connection to the database."""

    async def connecting() -> Result:
        await access.connect(found.urls, pool_size=1)
        try:
            return await work()
        finally:
            await access.close()

    with servers(read_settings()) as found:
        wait_for_database(found.urls)
        return run_apart(connecting())
