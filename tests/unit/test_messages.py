"""Every refusal has words for people, in every language."""

import pytest

from api.messages import FALLBACK, MESSAGES, message
from domain.refusals import NotThere, Refused


def refusals(kind: type[Refused] = Refused) -> set[type[Refused]]:
    below = {one for one in kind.__subclasses__() if one is not NotThere}
    return below.union(*(refusals(one) for one in below))


@pytest.mark.parametrize("language", sorted(MESSAGES))
def test_every_refusal_has_a_message_in_every_language(language: str) -> None:
    missing = {one.code() for one in refusals()} - set(MESSAGES[language])

    assert missing == set()


def test_every_language_says_the_same_things() -> None:
    assert {frozenset(messages) for messages in MESSAGES.values()} == {
        frozenset(MESSAGES[FALLBACK])
    }


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        pytest.param("tr", "Etkin bir kayıt buna bağlı.", id="Turkish"),
        pytest.param("tr-TR", "Etkin bir kayıt buna bağlı.", id="Turkish of Türkiye"),
        pytest.param("en", "Something that is active depends on it.", id="English"),
        pytest.param("xx", "Something that is active depends on it.", id="an unknown language"),
    ],
)
def test_the_language_follows_the_locale(locale: str, expected: str) -> None:
    assert message("IN_USE", locale=locale, facts={}) == expected
