"""What mail servers report of mail: delivery status notifications of RFC 3464. Pure.

Bounces that are no such notifications, but prose of some server, are not understood.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import cast

REPORT_BYTES_MAX = 1024 * 1024
RECIPIENTS_MAX = 20
# What our letters' Message-IDs and envelopes begin with.
PREFIX = "wattledger."
OURS = re.compile(rf"{re.escape(PREFIX)}([A-Za-z0-9._-]{{1,100}})")
ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of a letter. action, status: by RFC 3464; diagnostic: in the server's words."""

    letter_id: str
    action: str
    status: str
    diagnostic: str


class NotAReport(Exception):
    """It is no delivery status notification, or about no letter of ours."""


def reports_in(raw: bytes) -> list[DeliveryReport]:
    """Return what a notification says, one report for each recipient.

    :raises NotAReport: it says nothing of ours
    """
    if len(raw) > REPORT_BYTES_MAX:
        raise NotAReport(f"larger than {REPORT_BYTES_MAX} bytes")
    message = message_from_bytes(raw, policy=policy.default)
    if message.get_content_type() != "multipart/report":
        raise NotAReport(message.get_content_type())
    blocks = _status_blocks(message)
    if not blocks:
        raise NotAReport("no delivery status")
    letter_id = _letter_id(message, blocks[0])
    found = [report for block in blocks[1:] for report in _report(letter_id, block)]
    if not found:
        raise NotAReport("no recipient")
    return found[:RECIPIENTS_MAX]


def _status_blocks(message: EmailMessage) -> list[Message]:
    """Return the groups of fields: of the message first, then of each recipient."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            return cast("list[Message]", part.get_payload())
    return []


def _letter_id(message: EmailMessage, of_message: Message) -> str:
    """Return our name of the letter, from its envelope or from its headers, which are enclosed."""
    for text in (_field(of_message, "Original-Envelope-Id"), *_enclosed_ids(message)):
        found = OURS.search(text)
        if found is not None:
            return found[1]
    raise NotAReport("about no letter of ours")


def _enclosed_ids(message: EmailMessage) -> Iterator[str]:
    for part in message.walk():
        if part.get_content_type() == "text/rfc822-headers":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                yield _field(message_from_bytes(content), "Message-ID")
        elif part.get_content_type() == "message/rfc822":
            for inner in cast("list[Message]", part.get_payload()):
                yield _field(inner, "Message-ID")


def _report(letter_id: str, block: Message) -> Iterator[DeliveryReport]:
    action = _field(block, "Action").lower()
    if action in ACTIONS:
        status = _field(block, "Status").partition(" ")[0]
        yield DeliveryReport(letter_id, action, status, _field(block, "Diagnostic-Code"))


def _field(block: Message, name: str) -> str:
    return " ".join(str(block.get(name, "")).split())
