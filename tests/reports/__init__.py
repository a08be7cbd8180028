"""Delivery status notifications as mail servers write them, about a letter of our choice."""

from pathlib import Path

FOLDER = Path(__file__).parent
MARK = "LETTER-ID"


def report(name: str, letter_id: str) -> bytes:
    text = (FOLDER / f"{name}.eml").read_text()
    return text.replace(MARK, letter_id).replace("\n", "\r\n").encode()
