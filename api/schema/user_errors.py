"""Why a mutation changed nothing, as its payload says it."""

import strawberry

from api.schema.money import Money
from api.schema.node import Node
from db.enums import AdjustmentState, Scope


@strawberry.type(description="A fact that a message speaks of.")
class ErrorParameter:
    name: str = strawberry.field(description="What it is.")
    value: str = strawberry.field(description="Its value, as a text.")


@strawberry.interface(description="Why a mutation changed nothing.")
class UserError:
    message: str = strawberry.field(description="For people, in the caller's language.")
    path: list[str] = strawberry.field(description="What in the input it is about.")
    code: str = strawberry.field(description="For programs; stays the same.")
    params: list[ErrorParameter] = strawberry.field(
        description="What the message speaks of, for a message of one's own."
    )


@strawberry.type(description="The input breaks a rule; `code` says which.")
class RuleBroken(UserError):
    pass


@strawberry.type(description="Somebody changed the object since the version that was expected.")
class StaleVersion(UserError):
    current: Node | None = strawberry.field(description="The object as it is now.")


@strawberry.type(
    description="The RF module has as many active meters as the company lets one have."
)
class RfModuleFull(UserError):
    limit: int = strawberry.field(description="How many that are.")


@strawberry.type(description="A role has scopes that you do not hold: give nobody more than that.")
class ScopeNotHeld(UserError):
    scopes: list[Scope] = strawberry.field(description="Those that you do not hold.")


@strawberry.type(description="The idempotency key was used before, for something else.")
class IdempotencyConflict(UserError):
    pass


@strawberry.type(description="The company does not sell as much credit at a time, or as little.")
class TopUpAmountOutOfRange(UserError):
    minimum: Money = strawberry.field(description="The least that can be bought.")
    maximum: Money = strawberry.field(description="The most that can be bought.")


@strawberry.type(description="There is not as much left that could be given back.")
class RefundTooLarge(UserError):
    left: Money = strawberry.field(description="How much there is.")


@strawberry.type(description="Somebody has decided about the adjustment.")
class AdjustmentDecided(UserError):
    state: AdjustmentState = strawberry.field(description="How.")


@strawberry.type(description="Somebody else has to decide, in person or with a key of their own.")
class SecondPersonNeeded(UserError):
    pass
