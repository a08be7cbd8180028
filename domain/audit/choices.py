"""Staff of the platform may act in any company: that somebody chose to is on record there."""

from datetime import datetime, timedelta

from db import access
from db.acting import Actor, acting
from db.enums import ActorKind, Role
from db.ids import CompanyId, UserId

# A visit of many requests is one choice.
TOLD_EVERY = timedelta(hours=1)

NOTE = """
    select record_read('Company', array[$1::int8]) where not exists (
        select from daily_entry
        where company_id = $1::int4 and object_type = 'Company' and object_id = $1::int8
            and kind = 'READ' and user_id = $2 and recorded_at > $3
    )
"""


async def note(*, company_id: CompanyId, user_id: UserId, address: str, now: datetime) -> None:
    """Record that somebody of the platform acts in a company. Safe to repeat: once an hour."""
    actor = Actor(
        kind=ActorKind.USER, user_id=user_id, role=Role.DEVELOPER.value, address=address or None
    )
    with acting(actor):
        async with access.tenant(company_id) as connection:
            await connection.execute(NOTE, company_id, user_id, now - TOLD_EVERY)
