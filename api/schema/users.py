"""Users of a company and invitations to it; inputs and payloads of managing them."""

import strawberry

from api.giving import GivenRoleInput, PlaceInput
from api.schema.companies import Branch, Field
from api.schema.node import Node
from api.schema.relations import belongs_to
from api.schema.roles import CompanyRole
from api.schema.scalars import DateTime
from api.schema.subscribers import Subscriber
from api.schema.user_errors import UserError
from api.schema.versions import EXPECTED_VERSION
from db.enums import Role, Scope
from domain.accounts.queries import SUBSCRIBERS
from domain.hierarchy.queries import BRANCHES, FIELDS
from domain.identity.queries import INVITATIONS, ROLES, USERS


@strawberry.type(description="Somebody who has a role in the company.")
class User(Node, listing=USERS, scope=Scope.USERS_READ):
    name: str = strawberry.field(description="What the user is called.")
    email: str = strawberry.field(description="What the user signs in with.")
    active: bool = strawberry.field(description="Whether the role counts; else it is suspended.")
    enabled: bool = strawberry.field(
        description="Whether the user may sign in at all; the platform says so."
    )
    version: int = strawberry.field(description="Goes up with each change of role or place.")
    own_role: CompanyRole | None = belongs_to(
        ROLES, "role_id", "The role, if it is one of the company's own.", scope=Scope.USERS_READ
    )
    branch: Branch | None = belongs_to(
        BRANCHES, "branch_id", "The branch that the role is confined to.", scope=Scope.COMPANY_READ
    )
    field: Field | None = belongs_to(
        FIELDS, "field_id", "The field that the role is confined to.", scope=Scope.COMPANY_READ
    )
    subscriber: Subscriber | None = belongs_to(
        SUBSCRIBERS,
        "subscriber_id",
        "The subscriber that the role is confined to.",
        scope=Scope.SUBSCRIBERS_READ,
    )

    @strawberry.field(description="The role, if it is a built-in one.")
    def role(self) -> Role | None:
        return _role(self)

    @strawberry.field(description="Whether signing in takes a code as well.")
    def second_factor_enabled(self) -> bool:
        return bool(self.row["second_factor"])


@strawberry.type(description="A role that waits for somebody to accept it.")
class Invitation(Node, listing=INVITATIONS, scope=Scope.USERS_READ):
    email: str = strawberry.field(description="Where the mail went.")
    version: int = strawberry.field(description="Goes up with each change.")
    own_role: CompanyRole | None = belongs_to(
        ROLES, "role_id", "The role, if it is one of the company's own.", scope=Scope.USERS_READ
    )
    branch: Branch | None = belongs_to(
        BRANCHES, "branch_id", "The branch that the role is confined to.", scope=Scope.COMPANY_READ
    )
    field: Field | None = belongs_to(
        FIELDS, "field_id", "The field that the role is confined to.", scope=Scope.COMPANY_READ
    )
    subscriber: Subscriber | None = belongs_to(
        SUBSCRIBERS,
        "subscriber_id",
        "The subscriber that the role is confined to.",
        scope=Scope.SUBSCRIBERS_READ,
    )

    @strawberry.field(description="The role, if it is a built-in one.")
    def role(self) -> Role | None:
        return _role(self)

    @strawberry.field(description="When it was made.")
    def created_at(self) -> DateTime:
        return DateTime(self.row["created_at"])

    @strawberry.field(description="Until when it can be accepted.")
    def expires_at(self) -> DateTime:
        return DateTime(self.row["expires_at"])


def _role(node: Node) -> Role | None:
    role = node.row["role"]
    return None if role is None else Role(role)


@strawberry.input(description="Whom to invite, as what.")
class InviteUserInput:
    email: str = strawberry.field(description="Where the mail goes, and what to sign in with.")
    name: str = strawberry.field(
        description="What the person is called; not looked at if somebody has the address already."
    )
    role: GivenRoleInput = strawberry.field(description="The role.")
    place: PlaceInput | None = strawberry.field(
        default=None, description="What it is confined to; the whole company by default."
    )


@strawberry.input(description="What changes of somebody's role; what is left out stays.")
class UpdateMembershipInput:
    id: strawberry.ID = strawberry.field(description="Which user.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    role: strawberry.Maybe[GivenRoleInput] = strawberry.field(description="The role.")
    place: strawberry.Maybe[PlaceInput] = strawberry.field(description="What it is confined to.")


@strawberry.type(description="How changing a user's role ended.")
class UserPayload:
    user: User | None = strawberry.field(description="The user as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.type(description="How removing a user ended.")
class RemoveUserPayload:
    removed_id: strawberry.ID | None = strawberry.field(description="Who is not there any more.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.type(description="How changing an invitation ended.")
class InvitationPayload:
    invitation: Invitation | None = strawberry.field(
        description="The invitation as it is now; null when it was revoked."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.input(description="A user to keep out, or to let in again.")
class UserAccessInput:
    id: strawberry.ID = strawberry.field(description="Which user.")


@strawberry.type(description="How disabling or enabling a user ended.")
class UserAccessPayload:
    enabled: bool | None = strawberry.field(description="Whether the user may sign in now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")
