"""Run the twin by itself: `python -m tests.stripe_twin --port 8090`."""

import argparse
import asyncio
import contextlib
import json

from tests.stripe_twin.running import running_twin
from tests.stripe_twin.webhooks import Endpoint


async def serve(port: int, endpoints: list[Endpoint]) -> None:
    async with running_twin(port) as twin:
        twin.webhooks.endpoints = endpoints
        print(json.dumps({"twin": twin.world.url}), flush=True)  # noqa: T201 - whoever starts it reads it
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--webhook-url", help="where events go")
    parser.add_argument("--webhook-secret", action="append", default=[], help="signs them")
    given = parser.parse_args()
    endpoints = [Endpoint(given.webhook_url, given.webhook_secret)] if given.webhook_url else []
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(given.port, endpoints))


main()
