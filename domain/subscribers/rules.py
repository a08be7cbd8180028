"""What people's data may be, and by which words it is found. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

EMAIL_CHARACTERS_MAX = 320
PHONE_CHARACTERS_MAX = 40
PHONE_DIGITS_MIN, PHONE_DIGITS_MAX = 5, 15
# What is left of a number when prefixes that not everybody writes are off: +90, 0090, 0.
PHONE_DIGITS_COMPARED = 10
NAME_WORDS_MAX = 10
PREFIX_CHARACTERS_MIN, PREFIX_CHARACTERS_MAX = 3, 12

EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
PHONE = re.compile(r"\+?[0-9 ()/.-]+")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
# Letters that do not decompose, and the Turkish ones that lower case otherwise.
LETTERS = str.maketrans({"ı": "i", "İ": "i", "I": "i", "ß": "ss", "ø": "o", "đ": "d", "ł": "l"})


class Index(StrEnum):
    """What people are found by."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    NAME = "NAME"


def folded(text: str) -> str:
    """Return a text as it is compared: without case and marks, so that İ, I, ı and i are one."""
    plain = unicodedata.normalize("NFKD", text.translate(LETTERS).lower())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def words(name: str) -> list[str]:
    """Return the words of a name as they are compared."""
    return re.findall(r"\w+", folded(name))[:NAME_WORDS_MAX]


def prefix(word: str) -> str:
    """Return as much of a word as is compared."""
    return word[:PREFIX_CHARACTERS_MAX]


def whole_name(name: str) -> str:
    """Return what all of a name is found by, which no word of one is."""
    return f"={' '.join(words(name))}"


def prefixes(name: str) -> set[str]:
    """Return what a name is found by: each word, and its beginnings of three letters on."""
    return {whole_name(name)} | {
        word[:length]
        for word in map(prefix, words(name))
        for length in {len(word), *range(PREFIX_CHARACTERS_MIN, len(word))}
    }


def email_key(email: str) -> set[str]:
    return {email.strip().lower()}


def phone_key(phone: str) -> set[str]:
    digits = re.sub(r"\D", "", phone)
    return {digits[-PHONE_DIGITS_COMPARED:]} if digits else set()


KEYS: Mapping[str, tuple[Index, Callable[[str], Iterable[str]]]] = {
    "email": (Index.EMAIL, email_key),
    "phone": (Index.PHONE, phone_key),
    "name": (Index.NAME, prefixes),
}
"""By what each field of a contact is found."""


def is_email(text: str) -> bool:
    return len(text) <= EMAIL_CHARACTERS_MAX and EMAIL.fullmatch(text) is not None


def is_phone(text: str) -> bool:
    digits = sum(letter.isdigit() for letter in text)
    is_written_so = len(text) <= PHONE_CHARACTERS_MAX and PHONE.fullmatch(text) is not None
    return is_written_so and PHONE_DIGITS_MIN <= digits <= PHONE_DIGITS_MAX


def is_language(text: str) -> bool:
    return LANGUAGE.fullmatch(text) is not None
