"""What inputs say of roles and places, and who gives them, in words of the domain."""

import strawberry

from api.context import Info
from api.errors import Forbidden
from api.mutations import seen
from api.schema.companies import Branch, Field
from api.schema.roles import CompanyRole
from api.schema.subscribers import Subscriber
from db.enums import Role
from db.ids import BranchId, FieldId, RoleId, SubscriberId
from domain.identity.rules import GivenRole, Giver, Place


@strawberry.input(description="A role to give: one of the two.")
class GivenRoleInput:
    built_in: Role | None = strawberry.field(
        default=None, description="One of those that every company has."
    )
    role_id: strawberry.ID | None = strawberry.field(
        default=None, description="One of the company's own."
    )


@strawberry.input(description="What a role is confined to: one of these, or the whole company.")
class PlaceInput:
    branch_id: strawberry.ID | None = strawberry.field(
        default=None, description="This branch alone."
    )
    field_id: strawberry.ID | None = strawberry.field(default=None, description="This field alone.")
    subscriber_id: strawberry.ID | None = strawberry.field(
        default=None, description="This subscriber alone, for the role SUBSCRIBER."
    )


def giver_of(info: Info) -> Giver:
    """Return the caller as somebody who gives roles.

    :raises Forbidden: it is an API key; programs give nobody anything
    """
    caller = info.context.signed_in
    if caller.key is not None:
        raise Forbidden
    place = Place(
        branch_id=caller.branch_id,
        field_id=caller.field_id,
        subscriber_id=caller.subscriber_id,
    )
    return Giver(user_id=caller.user_id, scopes=caller.scopes, place=place)


async def given_role(info: Info, input: GivenRoleInput, *, path: str = "input") -> GivenRole:
    """Return the role that an input names. path: of what it stands in.

    :raises BadUserInput, NotFound: it names none that the caller sees
    """
    role_id = None
    if input.role_id is not None:
        argument = f"{path}.role.roleId"
        role_id = RoleId(await seen(info, CompanyRole, input.role_id, argument=argument))
    return GivenRole(role=input.built_in, role_id=role_id)


async def given_place(info: Info, input: PlaceInput | None, *, path: str = "input") -> Place:
    """Return the place that an input names; None is the whole company. path: of what it stands in.

    :raises Forbidden: the caller is confined to a part of it
    :raises BadUserInput, NotFound: it names none that the caller sees
    """
    _check_part(info, input)
    branch_id = field_id = subscriber_id = None
    path = f"{path}.place"
    if input is not None and input.branch_id is not None:
        found = await seen(info, Branch, input.branch_id, argument=f"{path}.branchId")
        branch_id = BranchId(found)
    if input is not None and input.field_id is not None:
        field_id = FieldId(await seen(info, Field, input.field_id, argument=f"{path}.fieldId"))
    if input is not None and input.subscriber_id is not None:
        found = await seen(info, Subscriber, input.subscriber_id, argument=f"{path}.subscriberId")
        subscriber_id = SubscriberId(found)
    return Place(branch_id=branch_id, field_id=field_id, subscriber_id=subscriber_id)


def _check_part(info: Info, input: PlaceInput | None) -> None:
    """Return unless the caller, who sees what lies around the own place, gives that away."""
    caller = info.context.signed_in
    if input is None or giver_of(info).place.is_whole_company:
        return
    gives_branch = input.branch_id is not None and caller.branch_id is None
    if gives_branch or input.subscriber_id is not None:
        raise Forbidden
