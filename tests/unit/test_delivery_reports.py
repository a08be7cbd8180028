"""What mail servers report is understood, in the ways in which they write it."""

import pytest

from domain.identity.keys import Keys
from domain.messages.letters import letter_id, message_of
from domain.messages.reports import REPORT_BYTES_MAX, DeliveryReport, NotAReport, reports_in
from tests.reports import report

KEYS = Keys("a secret that is long enough for a test")
LETTER = letter_id(KEYS, 7, 1234)


@pytest.mark.parametrize(
    ("name", "action", "status", "diagnostic"),
    [
        (
            "refused_mailbox",
            "failed",
            "5.1.1",
            "smtp; 550 5.1.1 <ayse@example.net>: Recipient address rejected: User unknown",
        ),
        ("full_mailbox", "failed", "5.2.2", "smtp;554 5.2.2 mailbox full"),
        ("delivered", "delivered", "2.0.0", "X-Postfix; delivered to mailbox"),
        ("delayed", "delayed", "4.0.0", ""),
    ],
)
def test_a_report_tells_of_a_letter(name: str, action: str, status: str, diagnostic: str) -> None:
    assert reports_in(report(name, LETTER)) == [DeliveryReport(LETTER, action, status, diagnostic)]


@pytest.mark.parametrize("name", ["out_of_office", "stranger"])
def test_other_mail_is_no_report(name: str) -> None:
    with pytest.raises(NotAReport):
        reports_in(report(name, LETTER))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\x00\xfe" * 100, id="noise"),
        pytest.param(b"Content-Type: multipart/report\r\n\r\n--x\r\n", id="no boundary"),
        pytest.param(report("delivered", LETTER)[:600], id="cut off"),
        pytest.param(b"a" * (REPORT_BYTES_MAX + 1), id="too much"),
    ],
)
def test_what_is_broken_is_no_report(raw: bytes) -> None:
    with pytest.raises(NotAReport):
        reports_in(raw)


def test_every_start_of_a_report_is_a_report_or_none() -> None:
    whole = report("refused_mailbox", LETTER)

    for length in range(0, len(whole), 7):
        try:
            found = reports_in(whole[:length])
        except NotAReport:
            continue
        assert {message_of(KEYS, one.letter_id) for one in found} <= {None, (7, 1234)}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(LETTER[:-1], id="cut"),
        pytest.param(LETTER.replace("1234", "1235"), id="of another message"),
        pytest.param("7.1234", id="without what nobody can guess"),
        pytest.param("seven.1234.x", id="no number"),
        pytest.param(f"{'9' * 30}.1.x", id="too large a number"),
        pytest.param("", id="nothing"),
    ],
)
def test_only_who_got_a_letter_can_name_it(text: str) -> None:
    assert message_of(KEYS, LETTER) == (7, 1234)
    assert message_of(KEYS, text) is None
