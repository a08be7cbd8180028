"""What a meter's load profile tells between the indexes that are known of it."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter

from db.access import Connection
from db.ids import CompanyId, MeterId
from domain.billing.rules import Anchor
from domain.profiles.queries import told_in
from domain.tariffs.flows import Interval


async def with_profile(
    connection: Connection,
    *,
    company_id: CompanyId,
    meter_id: MeterId,
    known: Sequence[Anchor],
    until: datetime | None = None,
) -> list[Anchor]:
    """Return known indexes, each with what the profile tells up to the next one, as stored.

    until: where the next one after the last is, if that matters.
    """
    ends = [*(one.at for one in known[1:]), until or known[-1].at] if known else []
    if not ends or known[0].at >= ends[-1]:
        return list(known)
    both = await told_in(
        connection, company_id=company_id, meter_id=meter_id, start=known[0].at, end=ends[-1]
    )
    return [
        replace(
            one,
            profile=_between(both.imported, one.at, end),
            exported=_between(both.exported, one.at, end),
        )
        for one, end in zip(known, ends, strict=True)
    ]


def _between(profile: Sequence[Interval], start: datetime, end: datetime) -> Sequence[Interval]:
    first = bisect_right(profile, start, key=attrgetter("ends_at"))
    return profile[first : bisect_left(profile, end, key=attrgetter("starts_at"))]
