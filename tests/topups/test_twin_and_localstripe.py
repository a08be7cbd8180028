"""The twin against another one, which people wrote who never saw ours: both say the same."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import stripe

from tests.stripe_twin.client import stripe_client
from tests.stripe_twin.server import Twin

START_S_MAX = 60.0
POLL_S = 0.1


@pytest.fixture
async def localstripe() -> AsyncIterator[str]:
    """Lend the URL of localstripe, a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "localstripe", "--from-scratch", "--port", str(port)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        if not await _answers(process, port):
            pytest.skip("localstripe does not start here; it needs IPv6")
        yield f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(process: asyncio.subprocess.Process, port: int) -> bool:
    for _ in range(round(START_S_MAX / POLL_S)):
        if process.returncode is not None:
            return False
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(POLL_S)
        else:
            writer.close()
            return True
    return False


async def story(client: stripe.StripeClient) -> list[Any]:
    """Do what both can do, and return what came of it."""
    told: list[Any] = []
    intents, refunds = client.v1.payment_intents, client.v1.refunds
    told.append(_intent(await intents.create_async(money())))
    paid = await intents.create_async(money(payment_method="pm_card_visa"))
    told.append(_intent(paid))
    told.append(_intent(await intents.confirm_async(paid.id)))
    told.append(_intent(await intents.retrieve_async(paid.id)))
    declined = money(payment_method="pm_card_chargeCustomerFail", confirm=True)
    told.append(await _refused(intents.create_async(declined)))
    for amount in (300, 200):
        refund = await refunds.create_async({"payment_intent": paid.id, "amount": amount})
        told.append((refund.status, refund.amount, refund.currency))
    listed = await refunds.list_async({"payment_intent": paid.id, "limit": 1})
    told.append((len(listed.data), listed.has_more))
    unpaid = await intents.create_async(money())
    told.append(_intent(await intents.cancel_async(unpaid.id)))
    told.append(await _refused(intents.cancel_async(unpaid.id)))
    told.append(await _refused(intents.retrieve_async("pi_of_nobody")))
    told.append(await _refused(intents.create_async(money(amount=-1))))
    customer = await client.v1.customers.create_async({"email": "ayse@example.com"})
    told.append((customer.object, customer.email))
    return told


def money(**more: Any) -> Any:
    return {"amount": 1_000, "currency": "try", "metadata": {"top_up": "7"}, **more}


def _intent(intent: stripe.PaymentIntent) -> tuple[object, ...]:
    has_charge = intent.latest_charge is not None
    return (intent.status, intent.amount, intent.currency, intent.metadata.to_dict(), has_charge)


async def _refused(call: Any) -> tuple[object, ...]:
    with pytest.raises(stripe.StripeError) as refused:
        await call
    code = refused.value.code if isinstance(refused.value, stripe.CardError) else None
    return (type(refused.value).__name__, refused.value.http_status, code)


async def test_the_twin_and_localstripe_tell_the_same_story(twin: Twin, localstripe: str) -> None:
    async with stripe_client(localstripe) as theirs, stripe_client(twin.world.url) as ours:
        expected = await story(theirs)
        told = await story(ours)

    assert told == expected
    assert len(told) == 13
