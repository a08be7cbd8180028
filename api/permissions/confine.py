"""The first wall: which rows of each table a caller may see. The second is row-level security.

A table that is not named here has no condition, and asking for it fails.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from api.caller import Caller
from api.permissions.conditions import ALL
from api.permissions.seen_by_subscribers import SEEN_BY_SUBSCRIBERS
from api.permissions.seen_in_fields import SEEN_IN_FIELDS
from domain.listing import Wall

FIELDS_OF_BRANCH = (
    "select f.id from field f where f.company_id = {company} and f.branch_id = {branch}::int8"
)
ONE_FIELD = "select {field}::int8"


def _within(fields: str) -> Mapping[str, str]:
    return {table: text.replace("{fields}", fields) for table, text in SEEN_IN_FIELDS.items()}


OF_COMPANY: Mapping[str, str] = dict.fromkeys(SEEN_IN_FIELDS, ALL)
OF_BRANCH = _within(FIELDS_OF_BRANCH)
OF_FIELD = _within(ONE_FIELD)


class Confine(Protocol):
    """Makes a caller's wall. A test may switch it off, to see the second wall alone."""

    def __call__(self, caller: Caller, *, now: datetime) -> Wall: ...


def confine(caller: Caller, *, now: datetime) -> Wall:
    """Return the caller's wall: the company, and the branch, field or subscriber within it."""
    values = {
        "company": caller.company_id,
        "branch": caller.branch_id,
        "field": caller.field_id,
        "subscriber": caller.subscriber_id,
        "user": caller.user_id,
        "key": None if caller.key is None else caller.key.id,
        "now": now,
    }
    return Wall(_conditions(caller).__getitem__, values)


def _conditions(caller: Caller) -> Mapping[str, str]:
    if caller.subscriber_id is not None:
        return SEEN_BY_SUBSCRIBERS
    if caller.field_id is not None:
        return OF_FIELD
    if caller.branch_id is not None:
        return OF_BRANCH
    return OF_COMPANY
