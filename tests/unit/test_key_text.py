"""How keys read, and what is told from them without looking anything up."""

import re
from collections import Counter

import pytest

from db.ids import KeyId
from domain.keys.text import ALPHABET, KeyText, is_key, new_secret, read, shown_prefix, written

SECRET = "0123456789ABCDEFGHIJKLMNOPQRSTUV"  # noqa: S105 - a test's own
KEY = KeyText(KeyId(4711), SECRET)


@pytest.mark.parametrize("key_id", [1, 61, 62, 4711, 2**31, 2**63 - 1])
def test_a_key_is_read_back_as_it_was_written(key_id: int) -> None:
    key = KeyText(KeyId(key_id), SECRET)

    assert read(written(key)) == key
    assert is_key(written(key))
    assert written(key).startswith(f"{shown_prefix(key.key_id)}_")


def test_a_key_looks_the_same_for_good() -> None:
    assert written(KEY) == f"wlk_1Dz_{SECRET}0irKCS"


def test_a_typo_is_seen_at_once() -> None:
    text = written(KEY)

    for place in range(len(text)):
        for character in "0Az_":
            typo = text[:place] + character + text[place + 1 :]
            assert typo == text or read(typo) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("wlk_", id="prefix"),
        pytest.param(f"{written(KEY)}\n", id="line break"),
        pytest.param(f" {written(KEY)}", id="space"),
        pytest.param(written(KEY).replace("wlk", "WLK"), id="upper case"),
        pytest.param(written(KeyText(KeyId(0), SECRET)), id="no number"),
        pytest.param(written(KeyText(KeyId(2**63), SECRET)), id="number too large"),
        pytest.param("wlk_" + "z" * 100_000, id="long"),
    ],
)
def test_what_is_no_key_is_none(text: str) -> None:
    assert read(text) is None


def test_secrets_have_190_bits() -> None:
    secrets = [new_secret() for _ in range(500)]

    assert len(set(secrets)) == 500
    assert all(re.fullmatch(r"[0-9A-Za-z]{32}", secret) for secret in secrets)
    assert 62**32 > 2**190
    # Each character is as likely as the others: 258 times on average.
    counted = Counter("".join(secrets))
    assert set(counted) == set(ALPHABET)
    assert max(counted.values()) < 2 * min(counted.values())
