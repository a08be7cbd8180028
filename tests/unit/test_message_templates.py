"""Every mail can be written in every language."""

from string import Formatter

import pytest

from api.messages import MESSAGES
from db.enums import MessageKind
from domain.messages.templates import TEMPLATES, written

FACTS = {
    MessageKind.INVITATION: {"company", "until", "link"},
    MessageKind.PASSWORD_RESET: {"name", "until", "link"},
    MessageKind.PASSWORD_CHANGED: {"name", "at", "link"},
}


@pytest.mark.parametrize("kind", list(MessageKind))
def test_every_kind_speaks_every_language_with_the_same_facts(kind: MessageKind) -> None:
    named = {
        language: {name for _, name, _, _ in Formatter().parse(one.subject + one.text) if name}
        for language, one in TEMPLATES[kind].items()
    }

    assert named == dict.fromkeys(MESSAGES, FACTS[kind])


@pytest.mark.parametrize(
    ("locale", "subject"),
    [("tr-TR", "Acme daveti"), ("en", "Invitation to Acme"), ("xx", "Invitation to Acme")],
)
def test_the_language_follows_the_locale(locale: str, subject: str) -> None:
    facts = {"company": "Acme", "until": "today", "link": "https://a.example"}

    assert written(MessageKind.INVITATION, locale=locale, facts=facts).subject == subject


def test_a_name_adds_no_line_and_no_field() -> None:
    facts = {"company": "Acme\nBcc: all@a.example {link}", "until": "today", "link": "here"}

    subject = written(MessageKind.INVITATION, locale="en", facts=facts).subject

    assert subject == "Invitation to Acme Bcc: all@a.example {link}"
