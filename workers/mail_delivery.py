"""Ways for a letter to leave: by SMTP, or into a folder where developers look."""

import asyncio
import logging
import os
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from domain.messages.letters import Letter
from domain.messages.operations import Receipt
from domain.messages.reports import PREFIX
from workers.delivery import Undelivered

# Well below the time for which mail is claimed, times what is claimed at once.
TIMEOUT_S = 15.0
PORTS = {"smtp": 25, "starttls": 587, "smtps": 465}
FILE_MODE = 0o600
PERMANENT = 500
NOTIFY = "NOTIFY=SUCCESS,FAILURE,DELAY"
# That the server does not know us is for us to mend, and no fault of the letter.
OURS = frozenset({530, 534, 535, 538})

log = logging.getLogger(__name__)


def message_of(letter: Letter, *, sender: str, now: datetime) -> EmailMessage:
    """Return the letter as it goes over the wire: at each attempt with the same Message-ID."""
    name, address = parseaddr(sender)
    domain = address.rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{PREFIX}{letter.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    if letter.html is not None:
        message.add_alternative(letter.html, subtype="html")
    return message


class SmtpDelivery:
    """Speaks to one mail server."""

    def __init__(self, url: str, *, sender: str) -> None:
        self._server: SplitResult = urlsplit(url)
        self._sender = sender

    async def deliver(self, letter: Letter, *, now: datetime) -> Receipt:
        message = message_of(letter, sender=self._sender, now=now)
        try:
            async with asyncio.timeout(TIMEOUT_S), self._client() as client:
                # Whoever can tell what becomes of it is asked to, and what it is called.
                tells = client.supports_extension("dsn")
                _, reply = await client.send_message(
                    message,
                    mail_options=[f"ENVID={PREFIX}{letter.id}"] if tells else (),
                    rcpt_options=[NOTIFY] if tells else (),
                )
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            raise _undelivered(error) from error
        return Receipt(reply=reply)

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.hostname,
            port=server.port or PORTS[server.scheme],
            username=unquote(server.username) if server.username else None,
            password=unquote(server.password) if server.password else None,
            use_tls=server.scheme == "smtps",
            start_tls=server.scheme == "starttls",
            timeout=TIMEOUT_S,
        )


@dataclass(frozen=True, slots=True)
class FolderDelivery:
    """Writes letters where a developer finds them."""

    folder: Path
    sender: str

    async def deliver(self, letter: Letter, *, now: datetime) -> Receipt:
        message = message_of(letter, sender=self.sender, now=now)
        path = self.folder / f"{letter.id}.eml"
        await asyncio.to_thread(_write, path, message.as_bytes())
        log.info("mail.written", extra={"path": str(path)})
        return Receipt()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _undelivered(error: Exception) -> Undelivered:
    """Return what is kept of an error: what servers say may name the recipient."""
    code = _code(error)
    name = type(error).__name__
    reason = name if code is None else f"{name} {code}"
    permanent = isinstance(error, ValueError) or ((code or 0) >= PERMANENT and code not in OURS)
    return Undelivered(reason, again=not permanent)


def _code(error: Exception) -> int | None:
    match error:
        case SMTPRecipientsRefused(recipients=[first, *_]):
            return int(first.code)
        case SMTPResponseException(code=code):
            return int(code)
    return None
