"""Bringing a database to the newest schema, with room for today's readings."""

from datetime import datetime

from db import access
from db.migrate import migrate
from db.settings import Urls
from domain import partitions
from domain.subscribers import plain
from domain.subscribers.keyring import Keyring

__all__ = ["make_usable", "migrate"]


async def make_usable(urls: Urls, *, keyring: Keyring, now: datetime) -> None:
    """Migrate, seal people's data, and make the partitions of today. Safe to repeat."""
    await migrate(urls.owner)
    await access.connect(urls, pool_size=1)
    try:
        await plain.seal(keyring)
        await partitions.maintain(now=now)
    finally:
        await access.close()
