"""The demo's mail ends on a page of this machine, and nowhere else."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from cli.demo.sink import Sink, serving
from db.enums import MessageChannel
from domain.messages.letters import Letter
from tests.console import free_ports
from tests.factories import NOW
from workers.mail_delivery import SmtpDelivery

LETTER = Letter(
    id="1.2.x",
    channel=MessageChannel.MAIL,
    to="ayşe@demo.example",
    subject="Krediniz <b>azalıyor",
    text="Merhaba Ayşe <script>\n",
    html='<p>Merhaba "Ayşe"</p>',
)


@pytest.fixture
async def ports() -> AsyncIterator[tuple[int, int]]:
    smtp, page = free_ports(2)
    async with serving(Sink(), smtp_port=smtp, page_port=page):
        yield smtp, page


async def read(page: int, path: str, host: str = "127.0.0.1") -> tuple[int, str]:
    url = f"http://127.0.0.1:{page}{path}"
    request = urllib.request.Request(url, headers={"Host": f"{host}:{page}"})

    def fetch() -> tuple[int, str]:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    return await asyncio.to_thread(fetch)


async def test_a_mail_is_listed_and_shown(ports: tuple[int, int]) -> None:
    smtp, page = ports
    delivery = SmtpDelivery(f"smtp://127.0.0.1:{smtp}", sender="Demo <demo@demo.example>")

    receipt = await delivery.deliver(LETTER, now=NOW)
    _, listed = await read(page, "/")
    _, shown = await read(page, "/mails/1")
    _, data = await read(page, "/mails.json")

    assert receipt.reply == "2.0.0 taken by the demo"
    assert '<a href="/mails/1">Krediniz &lt;b&gt;azalıyor</a>' in listed
    assert "&lt;script&gt;" in shown
    assert '<iframe sandbox srcdoc="&lt;p&gt;Merhaba &quot;Ayşe&quot;&lt;/p&gt;' in shown
    (mail,) = json.loads(data)
    assert (mail["to"], mail["subject"]) == (LETTER.to, LETTER.subject)
    assert (mail["text"].strip(), mail["html"].strip()) == (LETTER.text.strip(), LETTER.html)


@pytest.mark.parametrize(
    ("path", "host"),
    [
        pytest.param("/mails/1", "127.0.0.1", id="no such mail"),
        pytest.param("/etc/passwd", "127.0.0.1", id="no such page"),
        pytest.param("/", "elsewhere.example", id="under another name"),
    ],
)
async def test_other_pages_are_not_there(ports: tuple[int, int], path: str, host: str) -> None:
    assert await read(ports[1], path, host) == (404, "There is no such page.")


async def test_the_newest_mail_comes_first(ports: tuple[int, int]) -> None:
    delivery = SmtpDelivery(f"smtp://127.0.0.1:{ports[0]}", sender="demo@demo.example")

    for subject in ("first", "second"):
        await delivery.deliver(replace(LETTER, subject=subject), now=NOW)
    _, data = await read(ports[1], "/mails.json")

    assert [mail["subject"] for mail in json.loads(data)] == ["second", "first"]
