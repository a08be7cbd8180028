"""Roles of a company's own, and inputs and payloads of managing them."""

import strawberry

from api.schema.node import Node
from api.schema.user_errors import UserError
from api.schema.versions import EXPECTED_VERSION
from db.enums import Scope
from domain.identity.queries import ROLES
from domain.identity.roles import scopes_named


@strawberry.type(description="A role that the company has defined itself.")
class CompanyRole(Node, listing=ROLES, scope=Scope.USERS_READ):
    name: str = strawberry.field(description="What it is called.")
    description: str | None = strawberry.field(description="What it is for.")
    active: bool = strawberry.field(description="Whether it is in use.")
    version: int = strawberry.field(description="Goes up with each change.")

    @strawberry.field(description="What it allows.")
    def scopes(self) -> list[Scope]:
        return sorted(scopes_named(self.row["scopes"]), key=lambda scope: scope.name)


@strawberry.input(description="A role to define.")
class CreateRoleInput:
    name: str = strawberry.field(description="What it is called; no other role is.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    scopes: list[Scope] = strawberry.field(
        description="What it allows: nothing that you do not hold."
    )


@strawberry.input(description="What changes of a role; what is left out stays.")
class UpdateRoleInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    name: strawberry.Maybe[str] = strawberry.field(description="What it is called.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="What it is for.")
    scopes: strawberry.Maybe[list[Scope]] = strawberry.field(
        description="What it allows, at once for all who have it: nothing that you do not hold."
    )


@strawberry.type(description="How changing a role ended.")
class RolePayload:
    role: CompanyRole | None = strawberry.field(description="The role as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")
