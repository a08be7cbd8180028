"""Who asks for long work: the caller's rights as they are now, which the work will not exceed."""

from typing import Any

from api.caller import Caller
from api.errors import Forbidden
from domain.longwork.jobs import Asker


def asker_of(caller: Caller) -> Asker:
    """Return the caller as long work knows it.

    :raises Forbidden: subscribers ask for none
    """
    if caller.subscriber_id is not None:
        raise Forbidden
    return Asker(
        user_id=None if caller.key is not None else caller.user_id,
        key_id=None if caller.key is None else caller.key.id,
        role=caller.role_name,
        scopes=caller.scopes,
        branch_id=caller.branch_id,
        field_id=caller.field_id,
    )


def is_own(row: Any, caller: Caller) -> bool:
    """Return whether the caller made a file, or asked for a job."""
    asker = asker_of(caller)
    return (row["created_by"], row["created_by_key"]) == (asker.user_id, asker.key_id)
