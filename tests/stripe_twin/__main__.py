"""Run the twin by itself: `python -m tests.stripe_twin --port 8090`."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys

from tests.stripe_twin.running import running_twin
from tests.stripe_twin.webhooks import Endpoint


async def serve(port: int, endpoints: list[Endpoint], *, is_tied: bool) -> None:
    async with running_twin(port) as twin:
        twin.webhooks.endpoints = endpoints
        print(json.dumps({"twin": twin.world.url}), flush=True)  # noqa: T201 - for whoever starts it
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stopped.set)
        if is_tied:
            loop.add_reader(sys.stdin, stopped.set)
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--webhook-url", help="where events go")
    parser.add_argument("--webhook-secret", action="append", default=[], help="signs them")
    parser.add_argument("--tied", action="store_true", help="stop when standard input ends")
    given = parser.parse_args()
    endpoints = [Endpoint(given.webhook_url, given.webhook_secret)] if given.webhook_url else []
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(given.port, endpoints, is_tied=given.tied))


main()
