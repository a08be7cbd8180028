"""Suspending accounts over GraphQL, and resuming them."""

from tests.api.invoicing import account_id
from tests.api.web import User, Web
from tests.factories import NOW, Place

SUSPEND = """
mutation ($input: SuspendAccountInput!) {
  suspendAccount(input: $input) {
    account { suspendedAt suspensionReason } userErrors { code path } }
}
"""
RESUME = """
mutation ($input: VersionInput!) {
  resumeAccount(input: $input) { account { suspendedAt } userErrors { code path } }
}
"""


async def test_an_account_is_suspended_and_resumed(
    web: Web, place: Place, administrator: User
) -> None:
    which = {"id": account_id(place), "expectedVersion": 1}

    suspended = await web.ask(SUSPEND, administrator, input={**which, "reason": "away"})
    resumed = await web.ask(RESUME, administrator, input={**which, "expectedVersion": 2})

    assert suspended.data["suspendAccount"]["account"] == {
        "suspendedAt": NOW.isoformat(),
        "suspensionReason": "away",
    }
    assert resumed.data["resumeAccount"]["account"] == {"suspendedAt": None}
