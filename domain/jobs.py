"""Claiming recurring jobs. What a job does is its own subject's."""

from datetime import datetime, timedelta

from db import access


async def claim(*, name: str, period: timedelta, now: datetime) -> bool:
    """Return whether the job is due, having moved it on by its period: one caller gets it.

    A worker that dies in a job leaves it until the next period; jobs are repeatable and short.
    """
    async with access.system() as connection:
        return bool(
            await connection.fetchval(
                "insert into recurring_job as j (name, due_at) values ($1, $2::timestamptz + $3)"
                " on conflict (name) do update set due_at = excluded.due_at where j.due_at <= $2"
                " returning true",
                name,
                now,
                period,
            )
        )
