"""Bringing a database to the newest schema, with room for today's readings."""

from datetime import datetime

from db import access
from db.migrate import migrate
from db.settings import Urls
from domain import partitions

__all__ = ["make_usable", "migrate"]


async def make_usable(urls: Urls, *, now: datetime) -> None:
    """Migrate, and make the partitions that data of now needs. Safe to repeat."""
    await migrate(urls.owner)
    await access.connect(urls, pool_size=1)
    try:
        await partitions.maintain(now=now)
    finally:
        await access.close()
