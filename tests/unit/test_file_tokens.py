"""Rights to files are signed: for one file, one purpose, and until a moment."""

from dataclasses import replace
from datetime import timedelta

import pytest

from api.file_tokens import FileRight, FileTokenExpired, FileTokens, InvalidFileToken, Purpose
from db.ids import CompanyId, FileId
from tests.factories import NOW

SECRET = "a secret that is long enough for a test"  # noqa: S105
TOKENS = FileTokens(SECRET)
RIGHT = FileRight(
    purpose=Purpose.SEND,
    company_id=CompanyId(7),
    file_id=FileId(2**40),
    size=123_456,
    expires_at=NOW + timedelta(minutes=15),
)


def test_a_right_is_read_back() -> None:
    assert TOKENS.read(TOKENS.sign(RIGHT), Purpose.SEND, now=NOW) == RIGHT


def test_a_right_ends() -> None:
    with pytest.raises(FileTokenExpired):
        TOKENS.read(TOKENS.sign(RIGHT), Purpose.SEND, now=RIGHT.expires_at)


def test_a_right_to_send_is_none_to_fetch() -> None:
    with pytest.raises(InvalidFileToken):
        TOKENS.read(TOKENS.sign(RIGHT), Purpose.FETCH, now=NOW)


def test_another_secret_signs_otherwise() -> None:
    with pytest.raises(InvalidFileToken):
        FileTokens(SECRET + "!").read(TOKENS.sign(RIGHT), Purpose.SEND, now=NOW)


@pytest.mark.parametrize("position", range(0, 81, 5))
def test_a_changed_character_is_found(position: int) -> None:
    text = TOKENS.sign(RIGHT)
    other = "A" if text[position] != "A" else "B"

    with pytest.raises(InvalidFileToken):
        TOKENS.read(text[:position] + other + text[position + 1 :], Purpose.SEND, now=NOW)


@pytest.mark.parametrize("text", ["", "x", "é", "a" * 10_000, "../../etc/passwd"])
def test_nonsense_is_no_right(text: str) -> None:
    with pytest.raises(InvalidFileToken):
        TOKENS.read(text, Purpose.SEND, now=NOW)


def test_an_expired_forgery_is_a_forgery() -> None:
    expired = replace(RIGHT, expires_at=NOW - timedelta(days=1))

    with pytest.raises(InvalidFileToken):
        FileTokens(SECRET + "!").read(TOKENS.sign(expired), Purpose.SEND, now=NOW)
