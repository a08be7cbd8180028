"""Who pays for premises while nobody else does, over GraphQL."""

from api.global_ids import encode
from db.enums import Role
from tests.api.invoicing import account_id
from tests.api.web import User, Web
from tests.db.exchanges import fetch
from tests.factories import Place

OWNER = """
mutation ($input: SetPremisesOwnerInput!) {
  setPremisesOwner(input: $input) { premises { ownerAccount { id } } userErrors { code path } }
}
"""


async def test_premises_have_an_owners_account_or_none(
    web: Web, place: Place, administrator: User
) -> None:
    which = {"id": encode("Premises", place.supplies[0].premises_id)}

    named = await web.ask(
        OWNER, administrator, input={**which, "expectedVersion": 1, "accountId": account_id(place)}
    )
    nobody = await web.ask(
        OWNER, administrator, input={**which, "expectedVersion": 2, "accountId": None}
    )

    assert named.data["setPremisesOwner"]["premises"] == {"ownerAccount": {"id": account_id(place)}}
    assert nobody.data["setPremisesOwner"]["premises"] == {"ownerAccount": None}


async def test_who_may_not_change_accounts_names_no_owner(web: Web, place: Place) -> None:
    operator = await web.user(place.company_id, Role.OPERATOR)
    which = {"id": encode("Premises", place.supplies[0].premises_id), "expectedVersion": 1}

    refused = await web.ask(OWNER, operator, input={**which, "accountId": account_id(place)})

    assert refused.codes == ["FORBIDDEN"]
    owners = await fetch("select owner_account_id, version from premises")
    assert owners == [{"owner_account_id": None, "version": 1}]
