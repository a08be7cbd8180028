"""Every message can be written in every language, for every channel that it goes by."""

from pathlib import Path

import pytest

import domain.messages
from api.messages import MESSAGES
from db.enums import MessageChannel, MessageKind
from domain.messages import facts
from domain.messages.facts import KINDS, Facts, packed, unpacked
from domain.messages.formats import LANGUAGES
from domain.messages.wording import NotSpoken, worded
from tests.unit.message_examples import AT, AYSE, EXAMPLES, LOW, words_of

SHORT = {
    MessageKind.LOW_CREDIT,
    MessageKind.TOP_UP_RECEIPT,
    MessageKind.CUT_OFF,
    MessageKind.RECONNECTION,
    MessageKind.INVOICE,
    MessageKind.OVERDUE_NOTICE,
}


def test_every_kind_has_an_example() -> None:
    assert {facts.kind_of(one) for one in EXAMPLES} == set(MessageKind) == set(KINDS)


@pytest.mark.parametrize("language", sorted(MESSAGES))
@pytest.mark.parametrize("told", EXAMPLES, ids=facts.kind_of)
def test_every_kind_speaks_every_language(told: Facts, language: str) -> None:
    words = words_of(told, language)

    assert words.subject.strip() == words.subject != ""
    assert "Acme" in words.text
    assert AYSE.link in words.text
    assert words.html is not None
    assert f'<html lang="{language}">' in words.html
    assert f'href="{AYSE.link}"' in words.html
    for text in (words.subject, words.text, words.html):
        assert "{{" not in text
        assert "{%" not in text


@pytest.mark.parametrize("told", EXAMPLES, ids=facts.kind_of)
def test_languages_say_different_things(told: Facts) -> None:
    assert words_of(told, "en").text != words_of(told, "tr").text


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("told", EXAMPLES, ids=facts.kind_of)
def test_what_is_urgent_is_short_as_well(told: Facts, language: str) -> None:
    if facts.kind_of(told) in SHORT:
        words = worded(told, AYSE, locale=language, channel=MessageChannel.SMS)
        assert (words.subject, words.html) == ("", None)
        assert words.text.startswith("Acme: ")
    else:
        with pytest.raises(NotSpoken):
            worded(told, AYSE, locale=language, channel=MessageChannel.SMS)


@pytest.mark.parametrize(
    ("locale", "subject"),
    [("tr-TR", "Acme daveti"), ("en", "Invitation to Acme"), ("xx", "Invitation to Acme")],
)
def test_the_language_follows_the_locale(locale: str, subject: str) -> None:
    assert words_of(facts.Invitation(until=AT), locale).subject == subject


def test_a_name_adds_no_line_no_field_and_no_element() -> None:
    words = words_of(
        facts.Invitation(until=AT), "en", company="Acme\nBcc: all@a.example {{ link }} <script>"
    )

    assert words.subject == "Invitation to Acme Bcc: all@a.example {{ link }} <script>"
    assert words.html is not None
    assert "<script>" not in words.html


@pytest.mark.parametrize("told", EXAMPLES, ids=facts.kind_of)
def test_facts_come_back_from_the_queue_as_they_went(told: Facts) -> None:
    kind = facts.kind_of(told)

    assert unpacked(kind, packed(told)) == told


def test_facts_of_a_newer_release_are_read_without_what_is_new() -> None:
    assert unpacked(MessageKind.LOW_CREDIT, {**packed(LOW), "colour": "red"}) == LOW


def test_no_template_is_without_a_kind() -> None:
    files = (Path(domain.messages.__path__[0]) / "templates").iterdir()

    kinds = {file.name.split(".")[0].upper() for file in files if file.name != "layout.html.j2"}

    assert kinds == set(MessageKind)
