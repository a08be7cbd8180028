"""Pictures of invoices: fetched by signed URLs, and not too many at a time."""

import hashlib
import re
from datetime import timedelta

import pypdfium2
import pytest

from db.ids import InvoiceId
from tests.api.web import User, Web
from tests.db.invoicing import invoiced, make_consumed, query
from tests.factories import NOW, Place

PDF = """
query ($language: InvoiceLanguage) {
  invoices { nodes { pdf(language: $language) { url expiresAt fileName mimeType size sha256 } } }
}
"""


@pytest.fixture
async def place(web: Web, room: None) -> Place:
    return await make_consumed()


@pytest.fixture
async def invoice_id(web: Web, place: Place) -> InvoiceId:
    return await invoiced(place, now=NOW)


@pytest.mark.parametrize(
    ("language", "word", "day"),
    [("TR", "Elektrik faturası", r"\d\d\.\d\d\.\d{4}"), (None, "invoice", r"\d{4}-\d\d-\d\d")],
)
async def test_a_picture_is_fetched_by_a_signed_url(
    web: Web,
    place: Place,
    administrator: User,
    invoice_id: InvoiceId,
    language: str | None,
    word: str,
    day: str,
) -> None:
    answer = await web.ask(PDF, administrator, language=language)

    pdf = answer.data["invoices"]["nodes"][0]["pdf"]
    fetched = await web.http.get(pdf["url"])
    assert fetched.status_code == 200
    assert fetched.headers["content-type"] == pdf["mimeType"] == "application/pdf"
    assert pdf["fileName"] in fetched.headers["content-disposition"]
    assert len(fetched.content) == pdf["size"]
    assert hashlib.sha256(fetched.content).hexdigest() == pdf["sha256"]
    with pypdfium2.PdfDocument(fetched.content) as opened:
        text = opened[0].get_textpage().get_text_bounded()
    assert word in text
    assert re.search(day, text)
    forged = await web.http.get(pdf["url"][:-3] + "AAA")
    assert forged.status_code == 404
    web.clock.move(timedelta(minutes=16))
    assert (await web.http.get(pdf["url"])).status_code == 410


async def test_a_url_of_an_invoice_fetches_no_other_file(
    web: Web, administrator: User, invoice_id: InvoiceId
) -> None:
    answer = await web.ask(PDF, administrator)

    url = answer.data["invoices"]["nodes"][0]["pdf"]["url"]

    fetched = await web.http.get(url.replace("/invoices/", "/files/"))
    assert fetched.status_code == 404


async def test_many_pictures_are_too_much_for_one_request(
    web: Web, administrator: User, invoice_id: InvoiceId
) -> None:
    answer = await web.ask(
        "query { invoices(first: 100) { nodes { pdf { size } } } }", administrator
    )

    assert answer.codes == ["QUERY_TOO_COMPLEX"]
    assert await query("select count(*) from invoice_document") == 0
