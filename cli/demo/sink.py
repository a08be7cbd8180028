"""Where the demo's mail ends: a mail server that sends nothing on, and a page that shows it all."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any, Final, cast

import orjson
from aiosmtpd.smtp import SMTP, Envelope, Session

from cli.embedded.ports import LOOPBACK

MAILS_MAX: Final = 500
MAIL_BYTES_MAX: Final = 1024 * 1024
# Another name would be a page elsewhere that looks for what listens here.
HOSTS: Final = frozenset({LOOPBACK, "localhost"})
HTML: Final = "text/html; charset=utf-8"
JSON: Final = "application/json"
STYLE: Final = (
    "<style>body{font-family:sans-serif;margin:2em}td{padding:.2em 1.5em .2em 0}"
    "iframe{border:1px solid #ccc;height:34em;width:100%}</style>"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail as it arrived. html: None where it has none."""

    number: int
    to: str
    subject: str
    date: str
    text: str
    html: str | None


class Sink:
    """Keeps the newest 500 mails until the demo ends."""

    def __init__(self) -> None:
        self._mails: deque[Taken] = deque(maxlen=MAILS_MAX)
        self._numbers = count(1)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = cast("bytes", envelope.content)
        message = message_from_bytes(content, policy=policy.default)
        self._mails.appendleft(
            Taken(
                number=next(self._numbers),
                to=", ".join(envelope.rcpt_tos),
                subject=str(message["Subject"] or ""),
                date=str(message["Date"] or ""),
                text=_part(message, "plain") or "",
                html=_part(message, "html"),
            )
        )
        return "250 2.0.0 taken by the demo"

    def page(self, path: str) -> tuple[str, bytes] | None:
        """Return the type and the body of a page; None when there is none."""
        mails = list(self._mails)
        if path == "/":
            return HTML, _listed(mails).encode()
        if path == "/mails.json":
            return JSON, orjson.dumps([asdict(mail) for mail in mails])
        for mail in mails:
            if path == f"/mails/{mail.number}":
                return HTML, _shown(mail).encode()
        return None


@asynccontextmanager
async def serving(sink: Sink, *, smtp_port: int, page_port: int) -> AsyncIterator[None]:
    """Take mail on one port of this machine and show it on another."""
    loop = asyncio.get_running_loop()
    taking = await loop.create_server(
        lambda: SMTP(
            sink,
            hostname="localhost",
            loop=loop,
            data_size_limit=MAIL_BYTES_MAX,
            enable_SMTPUTF8=True,
        ),
        LOOPBACK,
        smtp_port,
    )
    pages = ThreadingHTTPServer((LOOPBACK, page_port), partial(_Pages, sink))
    showing = Thread(target=pages.serve_forever, daemon=True)
    showing.start()
    try:
        async with taking:
            yield
    finally:
        await asyncio.to_thread(pages.shutdown)
        pages.server_close()


class _Pages(BaseHTTPRequestHandler):
    timeout = 10

    def __init__(self, sink: Sink, *arguments: Any) -> None:
        self._sink = sink
        super().__init__(*arguments)

    def do_GET(self) -> None:
        host = (self.headers.get("Host") or "").rpartition(":")[0]
        found = self._sink.page(self.path) if host in HOSTS else None
        content_type, body = found or (HTML, b"There is no such page.")
        self.send_response(HTTPStatus.NOT_FOUND if found is None else HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: the terminal is the demo's."""


def _part(message: EmailMessage, form: str) -> str | None:
    part = message.get_body((form,))
    return None if part is None else str(part.get_content())


def _listed(mails: list[Taken]) -> str:
    rows = "".join(
        f'<tr><td>{escape(mail.date)}</td><td>{escape(mail.to)}</td><td><a href="/mails/'
        f'{mail.number}">{escape(mail.subject)}</a></td></tr>'
        for mail in mails
    )
    return _page("Mail of the demo", f"<table>{rows}</table><p><a href=/mails.json>JSON</a></p>")


def _shown(mail: Taken) -> str:
    # The letter's own HTML may do nothing here but be looked at.
    html = "" if mail.html is None else f'<iframe sandbox srcdoc="{escape(mail.html)}"></iframe>'
    text = f"<p>To {escape(mail.to)}, {escape(mail.date)}</p>{html}<pre>{escape(mail.text)}</pre>"
    return _page(mail.subject, text)


def _page(title: str, body: str) -> str:
    shown = escape(title)
    return f"<!doctype html><title>{shown}</title>{STYLE}<h1>{shown}</h1>{body}"
