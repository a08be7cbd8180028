"""What a way for a letter to leave is. One module implements it for each channel."""

from datetime import datetime
from typing import Protocol

from domain.messages.letters import Letter
from domain.messages.operations import Receipt


class Undelivered(Exception):
    """The letter did not leave. again: whether trying later can help. Names nobody."""

    def __init__(self, reason: str, *, again: bool) -> None:
        self.again = again
        super().__init__(reason)


class Delivery(Protocol):
    async def deliver(self, letter: Letter, *, now: datetime) -> Receipt:
        """Let a letter leave; it may have left, too, when this raises.

        :raises Undelivered: it probably did not
        """
        ...
