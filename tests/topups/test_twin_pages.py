"""The twin's page is paid as Stripe's is."""

import stripe
from httpx import AsyncClient

from tests.stripe_twin.server import Twin
from tests.topups.paying import open_session, types


async def test_the_checkout_page_is_paid_by_a_form(twin: Twin, client: stripe.StripeClient) -> None:
    session = await open_session(client)

    async with AsyncClient(trust_env=False) as browser:
        page = await browser.get(session.url)
        declined = await browser.post(session.url, data={"card": "pm_card_visa_chargeDeclined"})
        asked = await browser.post(session.url, data={"card": "pm_card_authenticationRequired"})
        bank = f"{twin.world.url}{asked.headers['location']}"
        refused = await browser.post(bank, data={"answer": "no"})
        asked_again = await browser.post(
            refused.headers["location"], data={"card": "pm_card_authenticationRequired"}
        )
        passed = await browser.post(
            f"{twin.world.url}{asked_again.headers['location']}", data={"answer": "yes"}
        )

    found = await client.v1.checkout.sessions.retrieve_async(session.id)
    assert "Pay 25.50 TRY" in page.text
    assert "Your card was declined." in declined.text
    assert passed.headers["location"] == "https://app.example.com/done"
    assert (found.status, found.payment_status, found.url) == ("complete", "paid", None)
    (intent,) = twin.world.all("payment_intent")
    assert (intent["id"], intent["metadata"]) == (found.payment_intent, {"top_up": "7"})
    assert types(twin).count("payment_intent.payment_failed") == 2
    assert types(twin)[-1] == "checkout.session.completed"


async def test_an_expired_session_is_not_paid(twin: Twin, client: stripe.StripeClient) -> None:
    session = await open_session(client)
    await client.v1.checkout.sessions.expire_async(session.id)

    async with AsyncClient(trust_env=False) as browser:
        answer = await browser.post(session.url, data={"card": "pm_card_visa"})

    assert answer.status_code == 400
    assert twin.world.all("charge") == []
