"""Which OpenID provider a company trusts. Not here: the way there and back."""

from typing import Annotated

import strawberry

from api.context import Info
from api.giving import given_place, given_role, giver_of
from api.mutations import attempted, check_whole_company
from api.permissions.requires import requires
from api.schema.oidc import (
    OidcGroupRoleInput,
    OidcProvider,
    OidcProviderPayload,
    RemoveOidcProviderInput,
    SetOidcProviderInput,
)
from db.enums import Scope
from domain.identity import providers
from domain.identity.providers import GROUPS_MAX, GroupRole
from domain.refusals import InvalidValue

Provided = Annotated[SetOidcProviderInput, strawberry.argument(description="The provider.")]
Removed = Annotated[RemoveOidcProviderInput, strawberry.argument(description="Which one.")]


@strawberry.type
class OidcQuery:
    @strawberry.field(
        description="The OpenID provider that people of the company may sign in through.",
        extensions=[requires(Scope.USERS_READ)],
    )
    async def oidc_provider(self, info: Info) -> OidcProvider | None:
        check_whole_company(info)
        provider = await providers.find(info.context.signed_in.company_id)
        return None if provider is None else OidcProvider.of(provider)


@strawberry.type
class OidcMutation:
    @strawberry.mutation(
        description="Let people of the company sign in through an OpenID provider, and no other;"
        " it can pass for any of them, so that it takes all that an administrator may.",
        extensions=[requires(Scope.USERS_WRITE)],
    )
    async def set_oidc_provider(self, info: Info, input: Provided) -> OidcProviderPayload | None:
        check_whole_company(info)
        _, errors = await attempted(info, _put(info, input))
        found = None if errors else await providers.find(info.context.signed_in.company_id)
        return OidcProviderPayload(
            oidc_provider=None if found is None else OidcProvider.of(found), user_errors=errors
        )

    @strawberry.mutation(
        description="Let nobody sign in through the provider any more; memberships stay.",
        extensions=[requires(Scope.USERS_WRITE)],
    )
    async def remove_oidc_provider(self, info: Info, input: Removed) -> OidcProviderPayload | None:
        check_whole_company(info)
        removing = providers.remove(
            company_id=info.context.signed_in.company_id,
            expected_version=input.expected_version,
            giver=giver_of(info),
        )
        _, errors = await attempted(info, removing)
        return OidcProviderPayload(oidc_provider=None, user_errors=errors)


async def _put(info: Info, input: SetOidcProviderInput) -> None:
    # Each one is looked up.
    if len(input.groups) > GROUPS_MAX:
        raise InvalidValue("groups", expected=f"at most {GROUPS_MAX} groups")
    await providers.put(
        company_id=info.context.signed_in.company_id,
        expected_version=input.expected_version,
        issuer=input.issuer,
        client_id=input.client_id,
        client_secret=input.client_secret,
        groups_claim=input.groups_claim,
        active=input.active,
        groups=[await _group(info, group) for group in input.groups],
        giver=giver_of(info),
        keys=info.context.equipment.auth.keys,
        insecure=info.context.equipment.auth.insecure_providers,
    )


async def _group(info: Info, input: OidcGroupRoleInput) -> GroupRole:
    return GroupRole(
        group=input.group,
        given=await given_role(info, input.role, path="input.groups"),
        place=await given_place(info, input.place, path="input.groups"),
    )
