"""Codes of RFC 6238, whose own examples have to come out."""

from base64 import b32encode
from datetime import UTC, datetime

import pytest

from domain.identity.codes import is_totp, matching_step, new_recovery_codes, tidied

# Appendix B of the RFC, of which we take the last six of eight digits.
SECRET = b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ],
)
def test_the_examples_of_the_rfc(second: int, code: str) -> None:
    now = datetime.fromtimestamp(second, UTC)

    assert matching_step(SECRET, code, now=now) == second // 30


@pytest.mark.parametrize("code", ["", "28708", "2870822", "28708²", "abcdef"])
def test_what_is_no_code_matches_nothing(code: str) -> None:
    now = datetime.fromtimestamp(59, UTC)

    assert matching_step(SECRET, code, now=now) is None
    assert not is_totp(code)


def test_recovery_codes_are_long_and_apart() -> None:
    made = new_recovery_codes()

    assert len(set(made)) == 10
    assert {len(tidied(code)) for code in made} == {16}
    assert not [code for code in made if is_totp(tidied(code))]
