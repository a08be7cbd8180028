"""What people's data may be, and by which words it is found."""

import pytest

from domain.subscribers import rules


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("IŞIK", "isik", id="capitals without a dot"),
        pytest.param("ışık", "isik", id="small letters without a dot"),
        pytest.param("İstanbul", "istanbul", id="a capital with a dot"),
        pytest.param("Çağrı Öztürk Gül", "cagri ozturk gul", id="all the other letters"),
        pytest.param("Straße", "strasse", id="a letter that becomes two"),
        pytest.param("José", "jose", id="marks"),
    ],
)
def test_letters_are_compared_without_case_and_marks(text: str, expected: str) -> None:
    assert rules.folded(text) == expected


def test_a_name_is_found_by_beginnings_of_three_letters_on() -> None:
    assert rules.prefixes("Ali Işık-Öz") == {"ali", "isi", "isik", "oz", "=ali isik oz"}


def test_long_words_are_compared_as_far_as_twelve_letters() -> None:
    name = "Çekoslovakyalılaştıramadıklarımız"

    words = rules.prefixes(name) - {rules.whole_name(name)}

    assert max(map(len, words)) == 12
    assert rules.prefix("cekoslovakyali") in words


@pytest.mark.parametrize("phone", ["+90 555 123 45 67", "0090-555-123-4567", "0555 1234567"])
def test_a_number_is_one_however_it_is_written(phone: str) -> None:
    assert rules.phone_key(phone) == {"5551234567"}
    assert rules.is_phone(phone)


@pytest.mark.parametrize(
    ("check", "text", "expected"),
    [
        pytest.param(rules.is_email, "ayse@example.com", True, id="an e-mail"),
        pytest.param(rules.is_email, "ayse@localhost", False, id="no domain"),
        pytest.param(rules.is_email, "a b@example.com", False, id="a space in an e-mail"),
        pytest.param(rules.is_phone, "1234", False, id="too short a number"),
        pytest.param(rules.is_phone, "call me 12345", False, id="no number"),
        pytest.param(rules.is_phone, f"12345{' ' * 36}", False, id="hardly any number"),
        pytest.param(rules.is_language, "tr", True, id="a language"),
        pytest.param(rules.is_language, "en-GB", True, id="a language of a country"),
        pytest.param(rules.is_language, "Turkish", False, id="a word"),
    ],
)
def test_what_fields_may_be(check: object, text: str, expected: bool) -> None:
    assert callable(check)
    assert check(text) is expected
