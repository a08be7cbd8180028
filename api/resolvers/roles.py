"""Managing a company's own roles."""

from typing import Annotated

import strawberry

from api.context import Info
from api.giving import giver_of
from api.mutations import VersionInput, changes_of, check_whole_company, ended, seen
from api.permissions.requires import requires
from api.schema.paging import Connection
from api.schema.relations import listed
from api.schema.roles import CompanyRole, CreateRoleInput, RolePayload, UpdateRoleInput
from db.enums import Scope
from db.ids import RoleId
from domain.identity import own_roles
from domain.identity.queries import ROLES

Created = Annotated[CreateRoleInput, strawberry.argument(description="The role.")]
Updated = Annotated[UpdateRoleInput, strawberry.argument(description="What changes.")]
Which = Annotated[VersionInput, strawberry.argument(description="Which role.")]


@strawberry.type
class RoleQuery:
    roles: Connection[CompanyRole] | None = listed(
        ROLES, "The company's own roles, by name.", scope=Scope.USERS_READ
    )


@strawberry.type
class RoleMutation:
    @strawberry.mutation(
        description="Define a role of the company's own.", extensions=[requires(Scope.USERS_WRITE)]
    )
    async def create_role(self, info: Info, input: Created) -> RolePayload | None:
        check_whole_company(info)
        operation = own_roles.create(
            company_id=info.context.signed_in.company_id,
            name=input.name,
            description=input.description,
            scopes=input.scopes,
            giver=giver_of(info),
        )
        return await ended(info, RolePayload, CompanyRole, operation)

    @strawberry.mutation(
        description="Change a role, at once for all who have it.",
        extensions=[requires(Scope.USERS_WRITE)],
    )
    async def update_role(self, info: Info, input: Updated) -> RolePayload | None:
        check_whole_company(info)
        operation = own_roles.update(
            company_id=info.context.signed_in.company_id,
            role_id=RoleId(await seen(info, CompanyRole, input.id)),
            expected_version=input.expected_version,
            changes=changes_of(input),
            giver=giver_of(info),
        )
        return await ended(info, RolePayload, CompanyRole, operation)

    @strawberry.mutation(
        description="Retire a role that nobody has or is invited to, and no group of the provider"
        " is given.",
        extensions=[requires(Scope.USERS_WRITE)],
    )
    async def deactivate_role(self, info: Info, input: Which) -> RolePayload | None:
        return await _set_active(info, input, active=False)

    @strawberry.mutation(
        description="Take a retired role into use again.",
        extensions=[requires(Scope.USERS_WRITE)],
    )
    async def reactivate_role(self, info: Info, input: Which) -> RolePayload | None:
        return await _set_active(info, input, active=True)


async def _set_active(info: Info, input: VersionInput, *, active: bool) -> RolePayload:
    check_whole_company(info)
    operation = own_roles.set_active(
        company_id=info.context.signed_in.company_id,
        role_id=RoleId(await seen(info, CompanyRole, input.id)),
        expected_version=input.expected_version,
        active=active,
        giver=giver_of(info),
    )
    return await ended(info, RolePayload, CompanyRole, operation)
