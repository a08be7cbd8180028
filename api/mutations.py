"""What all mutations share: finding what they name, and saying how they ended."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any, Protocol, TypeVar

import strawberry
from strawberry.utils.str_converters import to_camel_case

from api.context import Info
from api.errors import BadUserInput, Forbidden, NotFound, RateLimited
from api.messages import message
from api.schema.money import Money
from api.schema.node import Node, decoded
from api.schema.user_errors import (
    AdjustmentDecided,
    ErrorParameter,
    IdempotencyConflict,
    RefundTooLarge,
    RfModuleFull,
    RuleBroken,
    ScopeNotHeld,
    SecondPersonNeeded,
    StaleVersion,
    TopUpAmountOutOfRange,
    UserError,
)
from api.schema.versions import EXPECTED_VERSION
from domain import listing, refusals
from domain.hierarchy import rf_module_room
from domain.identity import rules
from domain.identity.passwords import TooManyWaiting
from domain.ledger import adjustments, posting
from domain.refusals import Refused
from domain.topups import refunds, wishes

EXPECTATION = frozenset({"id", "expected_version"})
USER_ERRORS = "user_errors"
# Inputs whose names say their units in full.
SPELT_OUT = {
    "clock_drift_max_s": "clockDriftMaxSeconds",
    "power_w_max": "powerMaxWatts",
    "reading_period_s": "readingPeriodSeconds",
}
BUSY_RETRY_AFTER_S = 1
# Refusals that programs tell apart by their type, and that have no more to say.
PLAIN: Mapping[type[Refused], type[UserError]] = {
    posting.IdempotencyConflict: IdempotencyConflict,
    adjustments.SecondPersonNeeded: SecondPersonNeeded,
}

# And those that have: what each says besides.
TELLING: Mapping[type[Refused], tuple[type[UserError], Callable[[Any], dict[str, Any]]]] = {
    rf_module_room.RfModuleFull: (RfModuleFull, lambda refusal: {"limit": refusal.limit}),
    rules.ScopeNotHeld: (ScopeNotHeld, lambda refusal: {"scopes": refusal.scopes}),
    adjustments.AdjustmentDecided: (AdjustmentDecided, lambda refusal: {"state": refusal.state}),
    wishes.TopUpAmountOutOfRange: (
        TopUpAmountOutOfRange,
        lambda refusal: {
            "minimum": Money.of(refusal.minimum, refusal.currency),
            "maximum": Money.of(refusal.maximum, refusal.currency),
        },
    ),
    refunds.RefundTooLarge: (
        RefundTooLarge,
        lambda refusal: {"left": Money.of(refusal.left, refusal.currency)},
    ),
}

Result = TypeVar("Result")
Key = TypeVar("Key")
Value = TypeVar("Value")


class Payload(Protocol):
    """One nullable field with the object, and `user_errors`."""

    user_errors: list[UserError]


Ending = TypeVar("Ending", bound=Payload)
Shown = Callable[[Info, type[Node], int], Awaitable[Node | None]]


@strawberry.input(description="An object, as the client saw it.")
class VersionInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)


async def seen(info: Info, kind: type[Node], id: str, *, argument: str = "input.id") -> int:
    """Return the row's id of an object that the caller may see.

    :raises BadUserInput: it is no id of such an object
    :raises NotFound: the caller sees none
    """
    found, row_id = decoded(id, argument=argument)
    if found is not kind:
        raise BadUserInput(argument, f"expected the id of a {kind.__name__}")
    if await info.context.loaders.row(kind.listing).load(row_id) is None:
        raise NotFound
    return row_id


def once(told: Iterable[tuple[Key, Value]], *, argument: str) -> dict[Key, Value]:
    """Return what is told of each; of two that are told of one, one would be lost.

    :raises BadUserInput: something is told twice
    """
    found: dict[Key, Value] = {}
    for key, value in told:
        if key in found:
            raise BadUserInput(argument, "expected each one once")
        found[key] = value
    return found


def check_whole_company(info: Info) -> None:
    """Return if the caller's place is the whole company.

    :raises Forbidden: it is a part of it
    """
    caller = info.context.signed_in
    if (caller.branch_id, caller.field_id, caller.subscriber_id) != (None, None, None):
        raise Forbidden


def check_above_fields(info: Info) -> None:
    """Return if the caller's place is a branch or the whole company.

    :raises Forbidden: it is less
    """
    caller = info.context.signed_in
    if (caller.field_id, caller.subscriber_id) != (None, None):
        raise Forbidden


def changes_of(input: Any) -> dict[str, Any]:
    """Return what a patch sets, by field: each is a `Maybe`, and None leaves it alone."""
    given = {field.name: getattr(input, field.name) for field in fields(input)}
    return {
        name: patch.value
        for name, patch in given.items()
        if name not in EXPECTATION and patch is not None
    }


async def attempted(
    info: Info, operation: Awaitable[Result]
) -> tuple[Result | None, list[UserError]]:
    """Return what an operation on no object of its own returned, or why it refused.

    :raises NotFound: what it would change is not there (any more)
    :raises RateLimited: too much is going on to check a password now
    """
    try:
        return await operation, []
    except refusals.NotThere as error:
        raise NotFound from error
    except TooManyWaiting as error:
        raise RateLimited(retry_after_s=BUSY_RETRY_AFTER_S) from error
    except Refused as refusal:
        return None, [RuleBroken(**said(info, refusal))]


async def current(info: Info, kind: type[Node], row_id: int) -> Node | None:
    """Return an object as it is now, whatever was loaded before; None if it may not be shown."""
    reach = info.context.loaders.reach
    if kind.scope not in info.context.signed_in.scopes:
        return None
    async with reach.connection() as connection:
        found = await listing.by_ids(connection, kind.listing, [row_id], wall=reach.wall)
    return kind.of(found[row_id]) if row_id in found else None


async def ended(
    info: Info,
    payload: type[Ending],
    kind: type[Node],
    operation: Awaitable[int],
    *,
    shown: Shown = current,
) -> Ending:
    """Return the payload of an operation that returns the id of the object that it changed.

    shown: how the object is found as it is now.

    :raises NotFound: what it would change is not there (any more)
    """
    (slot,) = (field.name for field in fields(payload) if field.name != USER_ERRORS)  # type: ignore[arg-type] # all are dataclasses
    try:
        row_id = await operation
        info.context.forget()
    except refusals.NotThere as error:
        raise NotFound from error
    except Refused as refusal:
        errors = [await user_error(info, kind, refusal, shown=shown)]
        return payload(**{slot: None, USER_ERRORS: errors})
    return payload(**{slot: await shown(info, kind, row_id), USER_ERRORS: []})


async def user_error(
    info: Info, kind: type[Node], refusal: Refused, *, shown: Shown = current
) -> UserError:
    """Return what a payload says of a rule that said no."""
    facts = said(info, refusal)
    if isinstance(refusal, refusals.StaleVersion):
        return StaleVersion(current=await shown(info, kind, refusal.row_id), **facts)
    told = TELLING.get(type(refusal))
    if told is not None:
        concrete, more = told
        return concrete(**facts, **more(refusal))
    return PLAIN.get(type(refusal), RuleBroken)(**facts)


def said(info: Info, refusal: Refused) -> dict[str, Any]:
    """Return what every `UserError` says, of this refusal."""
    path = [SPELT_OUT.get(part, to_camel_case(part)) for part in refusal.path]
    facts: Mapping[str, object] = {"field": path[-1] if path else "input", **refusal.facts}
    locale = info.context.locale
    return {
        "message": message(refusal.code(), locale=locale, facts=facts),
        "path": ["input", *path],
        "code": refusal.code(),
        "params": [
            ErrorParameter(name=to_camel_case(name), value=str(value))
            for name, value in facts.items()
        ],
    }
