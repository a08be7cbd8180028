"""Roles that groups of a company's provider are given."""

import pytest

from db.enums import Role, Scope
from db.ids import CompanyId, UserId
from domain.identity import own_roles, providers
from domain.identity.keys import Keys
from domain.identity.providers import GroupRole
from domain.identity.rules import WHOLE_COMPANY, GivenRole, Giver
from domain.refusals import InUse
from tests.factories import make_place

GIVER = Giver(user_id=UserId(1), scopes=frozenset(Scope), place=WHOLE_COMPANY)


@pytest.fixture
async def company_id(connected: None) -> CompanyId:
    return (await make_place(meters=0)).company_id


async def test_a_role_that_a_group_is_given_stays_in_use(company_id: CompanyId) -> None:
    role_id = await own_roles.create(
        company_id=company_id,
        name="Readers",
        description=None,
        scopes=[Scope.METERS_READ],
        giver=GIVER,
    )
    narrow = GroupRole(group="guests", given=GivenRole(role_id=role_id), place=WHOLE_COMPANY)
    wide = GroupRole(group="all", given=GivenRole(role=Role.OPERATOR), place=WHOLE_COMPANY)
    await providers.put(
        company_id=company_id,
        expected_version=None,
        issuer="https://id.example.com",
        client_id="wattledger",
        client_secret="a secret",  # noqa: S106
        groups_claim="groups",
        active=True,
        groups=[narrow, wide],
        giver=GIVER,
        keys=Keys("a secret that is long enough for a test"),
        insecure=False,
    )

    # Without it, who is in both groups would come in as an operator.
    with pytest.raises(InUse):
        await own_roles.set_active(
            company_id=company_id, role_id=role_id, expected_version=1, active=False, giver=GIVER
        )

    provider = await providers.find(company_id)
    assert provider is not None
    assert provider.groups == [narrow, wide]
