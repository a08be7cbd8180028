"""Who belongs to a place, and by what right."""

from contextlib import suppress

from db import access
from db.enums import Role, Scope
from db.ids import FieldId, UserId
from domain.identity import invitations, own_roles, providers
from domain.identity.keys import Keys
from domain.identity.operations import add_membership
from domain.identity.providers import GroupRole
from domain.identity.rules import WHOLE_COMPANY, GivenRole, Giver
from domain.identity.rules import Place as Confinement
from domain.refusals import AlreadyExists, StaleVersion
from tests.factories import NOW, Place


async def people(place: Place) -> None:
    """Give a place a user and an invitation, and its company a role and an OpenID provider."""
    field_id = place.field_id
    giver = Giver(user_id=await _user(field_id), scopes=frozenset(Scope), place=WHOLE_COMPANY)
    operator = GivenRole(role=Role.OPERATOR)
    with suppress(AlreadyExists):
        await own_roles.create(
            company_id=place.company_id,
            name=f"Role of company {place.company_id}",
            description=f"Made for company {place.company_id}",
            scopes=[Scope.METERS_READ],
            giver=giver,
        )
    await add_membership(
        company_id=place.company_id, user_id=giver.user_id, role=operator.role, field_id=field_id
    )
    await invitations.invite(
        company_id=place.company_id,
        email=f"invited-to-{field_id}@example.com",
        name=f"Invited to {field_id}",
        given=operator,
        place=Confinement(field_id=field_id),
        giver=giver,
        keys=Keys("a secret that is long enough for a test"),
        now=NOW,
    )
    group = GroupRole(group="staff", given=operator, place=Confinement(field_id=field_id))
    with suppress(StaleVersion):
        await providers.put(
            company_id=place.company_id,
            expected_version=None,
            issuer="https://id.example.com",
            client_id=f"company {place.company_id}",
            client_secret="secret",  # noqa: S106 - a test's own
            groups_claim="groups",
            active=True,
            groups=[group],
            giver=giver,
            keys=Keys("a secret that is long enough for a test"),
            insecure=False,
        )


async def _user(field_id: FieldId) -> UserId:
    async with access.system() as connection:
        user_id = await connection.fetchval(
            "insert into app_user (email, name, created_at) values ($1, $2, $3) returning id",
            f"member-of-{field_id}@example.com",
            f"Member of {field_id}",
            NOW,
        )
    return UserId(user_id)
