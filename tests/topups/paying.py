"""Paying at the twin through Stripe's own library."""

from typing import Any

import stripe

from tests.stripe_twin.server import Twin


def money(**more: Any) -> Any:
    return {"amount": 1_000, "currency": "try", **more}


async def pay(client: stripe.StripeClient, card: str = "pm_card_visa", **more: Any) -> Any:
    params = money(payment_method=card, confirm=True, **more)
    return await client.v1.payment_intents.create_async(params)


def types(twin: Twin) -> list[str]:
    return [event["type"] for event in twin.world.events]


async def open_session(client: stripe.StripeClient) -> Any:
    return await client.v1.checkout.sessions.create_async(
        {
            "mode": "payment",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "try",
                        "unit_amount": 2_550,
                        "product_data": {"name": "Credit"},
                    },
                }
            ],
            "payment_intent_data": {"metadata": {"top_up": "7"}},
            "success_url": "https://app.example.com/done",
            "cancel_url": "https://app.example.com/back",
        }
    )
