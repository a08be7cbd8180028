"""A mail server that keeps what it takes, and what it is asked with."""

from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import Envelope

from db.enums import MessageChannel
from tests.factories import NOW

SECRET = "a secret that is long enough for a test"  # noqa: S105
MAIL = MessageChannel.MAIL
SENDER = "Sayaç <meters@example.com>"


@dataclass
class Inbox:
    """What a mail server took, and what it says to the next ones."""

    taken: list[EmailMessage] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Envelope
    ) -> str:
        reply = self.replies.pop(0) if self.replies else f"250 taken by {envelope.rcpt_tos[0]}"
        if reply.startswith("250"):
            content = cast("bytes", envelope.content)
            self.taken.append(message_from_bytes(content, policy=policy.default))
        return reply


def text_of(message: EmailMessage, form: str = "plain") -> str:
    part = message.get_body((form,))
    assert part is not None
    return str(part.get_content())


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now
