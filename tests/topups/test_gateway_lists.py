"""Everything that happened at Stripe can be listed."""

from decimal import Decimal
from uuid import uuid4

import pytest

from domain.topups.facts import PaymentFact
from domain.topups.gateway import RefundRequest
from domain.topups.stripe import StripeGateway
from tests.stripe_twin.server import Twin
from tests.topups.stripe import SECOND, now_of, paid_by_card


async def test_objects_are_listed_page_by_page(twin: Twin, gateway: StripeGateway) -> None:
    since = now_of(twin)
    await paid_by_card(twin, gateway)
    twin.world.clock.move(60)
    paid = {(await paid_by_card(twin, gateway)).reference for _ in range(120)}
    twin.world.clock.move(60)
    await paid_by_card(twin, gateway)

    listed: list[PaymentFact] = []
    after, pages = None, 0
    while pages == 0 or after is not None:
        page = await gateway.listed(
            "payments", since=since + 60 * SECOND, until=since + 120 * SECOND, after=after
        )
        listed += [fact for fact in page.facts if isinstance(fact, PaymentFact)]
        after, pages = page.next, pages + 1

    assert {fact.reference for fact in listed} == paid
    assert (len(listed), pages) == (120, 2)


@pytest.mark.parametrize("name", ["refunds", "disputes"])
async def test_each_list_tells_of_its_objects(
    twin: Twin, gateway: StripeGateway, name: str
) -> None:
    paid = await paid_by_card(twin, gateway, "pm_card_createDispute")
    await gateway.refund(
        RefundRequest(key=uuid4(), payment=paid.reference, amount=Decimal(1), currency="TRY")
    )

    page = await gateway.listed(name, since=now_of(twin), until=now_of(twin) + SECOND, after=None)

    assert [getattr(fact, "payment", None) for fact in page.facts] == [paid.reference]
