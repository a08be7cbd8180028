"""Managing users: inviting, changing what they are, removing; disabling, for the platform."""

from collections.abc import Awaitable
from typing import Annotated, TypeVar

import strawberry

from api.context import Info
from api.errors import BadUserInput, NotFound
from api.giving import given_place, given_role, giver_of
from api.mutations import VersionInput, attempted, ended, seen, user_error
from api.permissions.requires import requires
from api.schema.node import decoded
from api.schema.paging import Connection
from api.schema.relations import listed
from api.schema.user_errors import UserError
from api.schema.users import (
    Invitation,
    InvitationPayload,
    InviteUserInput,
    RemoveUserPayload,
    UpdateMembershipInput,
    User,
    UserAccessInput,
    UserAccessPayload,
    UserPayload,
)
from db.enums import Scope
from db.ids import InvitationId, UserId
from domain import refusals
from domain.identity import invitations, memberships, users
from domain.identity.queries import INVITATIONS, USERS

Invited = Annotated[InviteUserInput, strawberry.argument(description="Whom, as what.")]
Updated = Annotated[UpdateMembershipInput, strawberry.argument(description="What changes.")]
WhichUser = Annotated[VersionInput, strawberry.argument(description="Which user.")]
WhichInvitation = Annotated[VersionInput, strawberry.argument(description="Which invitation.")]
Whose = Annotated[UserAccessInput, strawberry.argument(description="Which user.")]


@strawberry.type
class UserQuery:
    users: Connection[User] | None = listed(
        USERS, "Who has a role in the company, by name.", scope=Scope.USERS_READ
    )
    invitations: Connection[Invitation] | None = listed(
        INVITATIONS, "Invitations that nobody has accepted yet, by e-mail.", scope=Scope.USERS_READ
    )


@strawberry.type
class UserMutation:
    @strawberry.mutation(
        description="Invite somebody by mail; the role counts once that is accepted.",
        extensions=[requires(Scope.USERS_WRITE)],
    )
    async def invite_user(self, info: Info, input: Invited) -> InvitationPayload | None:
        auth = info.context.equipment.auth
        given, place = await given_role(info, input.role), await given_place(info, input.place)
        await auth.attempts.invitation(info.context.signed_in.user_id)
        operation = invitations.invite(
            company_id=info.context.signed_in.company_id,
            email=input.email,
            name=input.name,
            given=given,
            place=place,
            giver=giver_of(info),
            keys=auth.keys,
            now=info.context.clock(),
        )
        return await ended(info, InvitationPayload, Invitation, operation)

    @strawberry.mutation(
        description="Send an invitation once more; the link of the last mail is void.",
        extensions=[requires(Scope.USERS_WRITE)],
    )
    async def resend_invitation(
        self, info: Info, input: WhichInvitation
    ) -> InvitationPayload | None:
        auth = info.context.equipment.auth
        invitation_id = InvitationId(await seen(info, Invitation, input.id))
        await auth.attempts.invitation(info.context.signed_in.user_id)
        operation = invitations.resend(
            company_id=info.context.signed_in.company_id,
            invitation_id=invitation_id,
            expected_version=input.expected_version,
            giver=giver_of(info),
            keys=auth.keys,
            now=info.context.clock(),
        )
        return await ended(info, InvitationPayload, Invitation, operation)

    @strawberry.mutation(
        description="Take an invitation back; its link is void.",
        extensions=[requires(Scope.USERS_WRITE)],
    )
    async def revoke_invitation(
        self, info: Info, input: WhichInvitation
    ) -> InvitationPayload | None:
        operation = invitations.revoke(
            company_id=info.context.signed_in.company_id,
            invitation_id=InvitationId(await seen(info, Invitation, input.id)),
            expected_version=input.expected_version,
            giver=giver_of(info),
            now=info.context.clock(),
        )
        return await ended(info, InvitationPayload, Invitation, operation)

    @strawberry.mutation(
        description="Give a user another role or another place; it counts at once.",
        extensions=[requires(Scope.USERS_WRITE)],
    )
    async def update_membership(self, info: Info, input: Updated) -> UserPayload | None:
        role, place = input.role, input.place
        operation = memberships.update(
            company_id=info.context.signed_in.company_id,
            user_id=UserId(await seen(info, User, input.id)),
            expected_version=input.expected_version,
            given=None if role is None else await given_role(info, role.value),
            place=None if place is None else await given_place(info, place.value),
            giver=giver_of(info),
        )
        return await ended(info, UserPayload, User, operation)

    @strawberry.mutation(
        description="Suspend a user's role in the company, at once.",
        extensions=[requires(Scope.USERS_WRITE)],
    )
    async def deactivate_membership(self, info: Info, input: WhichUser) -> UserPayload | None:
        return await _set_active(info, input, active=False)

    @strawberry.mutation(
        description="Let a suspended role count again.",
        extensions=[requires(Scope.USERS_WRITE)],
    )
    async def reactivate_membership(self, info: Info, input: WhichUser) -> UserPayload | None:
        return await _set_active(info, input, active=True)

    @strawberry.mutation(
        description="Take a user out of the company. Who belongs to no other is made anonymous for"
        " good; what the user did stays on record.",
        extensions=[requires(Scope.USERS_WRITE)],
    )
    async def remove_user(self, info: Info, input: WhichUser) -> RemoveUserPayload | None:
        operation = users.remove(
            company_id=info.context.signed_in.company_id,
            user_id=UserId(await seen(info, User, input.id)),
            expected_version=input.expected_version,
            giver=giver_of(info),
            now=info.context.clock(),
        )
        removed, errors = await _attempted(info, operation)
        return RemoveUserPayload(
            removed_id=None if removed is None else input.id, user_errors=errors
        )

    @strawberry.mutation(
        description="Keep a user from signing in anywhere, and end all sessions.",
        extensions=[requires(Scope.PLATFORM_WRITE)],
    )
    async def disable_user(self, info: Info, input: Whose) -> UserAccessPayload | None:
        return await _set_enabled(info, input.id, enabled=False)

    @strawberry.mutation(
        description="Let a user sign in again.", extensions=[requires(Scope.PLATFORM_WRITE)]
    )
    async def enable_user(self, info: Info, input: Whose) -> UserAccessPayload | None:
        return await _set_enabled(info, input.id, enabled=True)


Result = TypeVar("Result")


async def _attempted(
    info: Info, operation: Awaitable[Result]
) -> tuple[Result | None, list[UserError]]:
    """Return what became of a user that is not there to be shown afterwards."""
    try:
        return await operation, []
    except refusals.NotThere as error:
        raise NotFound from error
    except refusals.Refused as refusal:
        return None, [await user_error(info, User, refusal)]


async def _set_active(info: Info, input: VersionInput, *, active: bool) -> UserPayload:
    operation = memberships.set_active(
        company_id=info.context.signed_in.company_id,
        user_id=UserId(await seen(info, User, input.id)),
        expected_version=input.expected_version,
        active=active,
        giver=giver_of(info),
    )
    return await ended(info, UserPayload, User, operation)


async def _set_enabled(info: Info, id: str, *, enabled: bool) -> UserAccessPayload:
    kind, user_id = decoded(id, argument="input.id")
    if kind is not User:
        raise BadUserInput("input.id", "expected the id of a User")
    operation = users.set_active(user_id=UserId(user_id), active=enabled, now=info.context.clock())
    _, errors = await attempted(info, operation)
    return UserAccessPayload(enabled=enabled, user_errors=errors)
