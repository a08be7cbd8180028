"""Buying credit over GraphQL, with a twin of the provider behind it."""

from dataclasses import dataclass
from typing import Any

from api.global_ids import encode
from db import access
from db.enums import Role
from domain.subscribers import operations as subscribers
from domain.topups import events
from domain.topups.gateway import Gateways
from tests.api.web import Answer, User, Web
from tests.factories import KEYRING, Place
from tests.stripe_twin.server import Twin
from tests.stripe_twin.webhooks import body_of, signed
from tests.topups.stripe import RETURN_URL, SECRETS

SHOWN = """
    id state way failure creditedAt amount { amount currency } received { amount }
    refunded { amount } held { amount } account { id } card { last4 }
    transaction { kind entries { nodes { side amount { amount } } } }
"""
START = f"""
mutation ($input: StartTopUpInput!) {{ done: startTopUp(input: $input) {{
  topUp {{ {SHOWN} }} checkoutUrl clientSecret
  userErrors {{ __typename code path message ... on TopUpAmountOutOfRange {{
    minimum {{ amount currency }} maximum {{ amount }} }} }}
}} }}
"""
ACCOUNT = f"""
query ($id: ID!) {{ node(id: $id) {{ ... on Account {{
  balance {{ amount inFlight }} topUps(first: 3) {{ nodes {{ {SHOWN} }} totalCount }}
  automaticTopUp {{ active card {{ last4 }} }}
  subscriber {{ savedCards(first: 3) {{ nodes {{ id brand last4 expiresYear }} }} }}
}} }} }}
"""


@dataclass(slots=True)
class Till:
    """An API with a twin of the provider behind it, and who buys there."""

    web: Web
    twin: Twin
    gateways: Gateways
    place: Place
    subscriber: User

    @property
    def account_id(self) -> str:
        return encode("Account", self.place.supplies[0].account_id or 0)

    async def start(self, user: User | None = None, **changes: Any) -> Answer:
        given = {
            "accountId": self.account_id,
            "amount": "25.500000",
            "returnUrl": RETURN_URL,
            "idempotencyKey": "one",
            **changes,
        }
        return await self.web.ask(START, user or self.subscriber, input=given)

    async def paid(self, card: str = "pm_card_visa", **changes: Any) -> str:
        """Buy credit on the provider's page, and hear of it; return the top-up's id."""
        done = (await self.start(**changes)).data["done"]
        self.twin.act("checkout.pay", id=done["checkoutUrl"].rpartition("/")[2], card=card)
        await self.hear()
        return str(done["topUp"]["id"])

    async def hear(self) -> None:
        """Have the twin's events posted to the API, and worked on."""
        for event in self.twin.world.events:
            body = body_of(event)
            header = signed(body, SECRETS, at_s=int(self.web.clock().timestamp()))
            response = await self.web.http.post(
                "/webhooks/stripe", content=body, headers={"Stripe-Signature": header}
            )
            assert response.status_code == 200
        while await events.work(gateways=self.gateways, now=self.web.clock()):
            pass

    async def account(self, user: User | None = None) -> Any:
        answer = await self.web.ask(ACCOUNT, user or self.subscriber, id=self.account_id)
        return answer.data["node"]

    async def count(self, table: str = "top_up") -> int:
        row = await access.read_row(f"select count(*) as n from {table}")
        assert row is not None
        return int(row["n"])


async def somebody_else(till: Till) -> User:
    """Return another subscriber of the company, signed in."""
    subscriber_id = await subscribers.create(
        company_id=till.place.company_id,
        reference="another",
        contact={"name": "Can", "email": "can@example.com", "phone": "+905550000001"},
        keyring=KEYRING,
    )
    return await till.web.user(till.place.company_id, Role.SUBSCRIBER, subscriber_id=subscriber_id)
