"""Inputs and payloads of managing branches."""

import strawberry

from api.schema.companies import Branch
from api.schema.user_errors import UserError
from api.schema.versions import EXPECTED_VERSION


@strawberry.input(description="A branch to add.")
class CreateBranchInput:
    name: str = strawberry.field(description="What it is called; no other branch is.")


@strawberry.input(description="What changes of a branch; what is left out stays.")
class UpdateBranchInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    name: strawberry.Maybe[str] = strawberry.field(description="What it is called.")


@strawberry.type(description="How changing a branch ended.")
class BranchPayload:
    branch: Branch | None = strawberry.field(description="The branch as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")
