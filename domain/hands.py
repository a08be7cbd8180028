"""Who does by hand what takes two people: users, and programs, behind whose keys people stand."""

from dataclasses import dataclass

from db.access import Connection
from db.ids import CompanyId, KeyId, UserId

# A key may have been made with another one; whoever is behind that one is behind both.
BEHIND_KEY = """
    with recursive behind as (
        select created_by, user_id, created_by_key from api_key where company_id = $1 and id = $2
        union
        select k.created_by, k.user_id, k.created_by_key
        from behind b join api_key k on k.company_id = $1 and k.id = b.created_by_key
    )
    select created_by, user_id from behind
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Who does something by hand: a user, or a program with a key."""

    user_id: UserId | None = None
    key_id: KeyId | None = None


async def behind(connection: Connection, company_id: CompanyId, hand: Hand) -> set[UserId]:
    """Return the users who act: for a key, those who made it and whom it was given to."""
    users = {hand.user_id}
    if hand.key_id is not None:
        for row in await connection.fetch(BEHIND_KEY, company_id, hand.key_id):
            users |= {row["created_by"], row["user_id"]}
    return {user_id for user_id in users if user_id is not None}
