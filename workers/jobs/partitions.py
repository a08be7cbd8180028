"""Jobs that make room for data to come."""

from datetime import datetime

from domain import partitions


async def maintain(*, now: datetime) -> None:
    """Make partitions ahead and drop those past their retention. Safe to run twice."""
    await partitions.maintain(now=now)
