"""Keeping the partitions of readings, raw frames and events around the present."""

from datetime import datetime, timedelta

from db import access
from domain.frames import forgetting as frames

READING_DAYS_BACK = 100
DAYS_AHEAD = 2
OUTBOX_RETENTION = timedelta(hours=48)


async def maintain(*, now: datetime) -> None:
    """Make the partitions that will be needed, and drop those past their retention.

    A day of raw frames goes whole when the longest retention of all companies has passed and none
    of them waits for anything; others are deleted by `frames.forgetting`. Safe to repeat.
    """
    async with access.system() as connection:
        retention_days = await connection.fetchval(
            "select coalesce(max(raw_frame_retention_days), 14) from company"
        )
    raw_before = now - timedelta(days=retention_days)
    await frames.forget_reviews(now=now)
    async with access.system() as connection:
        await connection.fetchval(
            "select ensure_partitions($1, $2, $3)", now, READING_DAYS_BACK, DAYS_AHEAD
        )
        await connection.fetchval(
            "select drop_old_partitions($1, $2)", now - OUTBOX_RETENTION, raw_before
        )
