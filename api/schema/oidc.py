"""The OpenID provider that a company trusts, and the input and payload of changing it."""

import strawberry

from api.giving import GivenRoleInput, PlaceInput
from api.global_ids import optional_id
from api.schema.user_errors import UserError
from db.enums import Role
from domain.identity import providers


@strawberry.type(description="What members of a group of the provider become.")
class OidcGroupRole:
    group: str = strawberry.field(description="The group, as the provider calls it.")
    built_in: Role | None = strawberry.field(
        description="The role; null for one of the company's own."
    )
    role_id: strawberry.ID | None = strawberry.field(description="The company's own role.")
    branch_id: strawberry.ID | None = strawberry.field(description="Confined to this branch.")
    field_id: strawberry.ID | None = strawberry.field(description="Confined to this field.")

    @classmethod
    def of(cls, group: providers.GroupRole) -> "OidcGroupRole":
        return cls(
            group=group.group,
            built_in=group.given.role,
            role_id=optional_id("CompanyRole", group.given.role_id),
            branch_id=optional_id("Branch", group.place.branch_id),
            field_id=optional_id("Field", group.place.field_id),
        )


@strawberry.type(description="The OpenID provider that a company trusts; its secret is not shown.")
class OidcProvider:
    issuer: str = strawberry.field(description="Its address, below which its discovery is.")
    client_id: str = strawberry.field(description="What it knows us by.")
    groups_claim: str = strawberry.field(description="The claim that lists somebody's groups.")
    active: bool = strawberry.field(description="Whether people may sign in through it.")
    version: int = strawberry.field(description="Goes up with each change.")
    groups: list[OidcGroupRole] = strawberry.field(
        description="What its groups become; the first that somebody is in counts. Groups whose"
        " role is retired count for nothing, and are left out."
    )

    @classmethod
    def of(cls, provider: providers.Provider) -> "OidcProvider":
        return cls(
            issuer=provider.issuer,
            client_id=provider.client_id,
            groups_claim=provider.groups_claim,
            active=provider.active,
            version=provider.version,
            groups=[OidcGroupRole.of(group) for group in provider.groups],
        )


@strawberry.input(description="What members of a group become.")
class OidcGroupRoleInput:
    group: str = strawberry.field(description="The group, as the provider calls it.")
    role: GivenRoleInput = strawberry.field(description="The role.")
    place: PlaceInput | None = strawberry.field(
        default=None, description="What it is confined to; null is the whole company."
    )


@strawberry.input(description="The provider to trust, as a whole.")
class SetOidcProviderInput:
    expected_version: int | None = strawberry.field(
        default=None,
        description="The `version` that the client saw, which anything newer refuses; null when"
        " there is none yet.",
    )
    issuer: str = strawberry.field(description="Its address, as its tokens name it.")
    client_id: str = strawberry.field(description="What it knows us by.")
    client_secret: str | None = strawberry.field(
        default=None, description="What we prove that with; null keeps it, for the same issuer."
    )
    groups_claim: str = strawberry.field(
        default="groups", description="The claim that lists somebody's groups."
    )
    active: bool = strawberry.field(
        default=True, description="Whether people may sign in through it."
    )
    groups: list[OidcGroupRoleInput] = strawberry.field(
        default_factory=list,
        description="What its groups become, at each sign-in; the first that somebody is in"
        " counts.",
    )


@strawberry.input(description="The provider to trust no more.")
class RemoveOidcProviderInput:
    expected_version: int = strawberry.field(description="The `version` that the client saw.")


@strawberry.type(description="How changing the provider ended.")
class OidcProviderPayload:
    oidc_provider: OidcProvider | None = strawberry.field(
        description="The provider as it is now; null when nothing was changed, or it is removed."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.input(description="The end of signing in through a provider.")
class ExchangeSignInCodeInput:
    code: str = strawberry.field(description="What was added to `returnTo`; good for once.")
