"""Codes of a second factor: RFC 6238, and those for the day that the telephone is lost. Pure."""

import base64
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

from pyotp import TOTP

ISSUER = "Wattledger"
DIGITS = 6
STEP_S = 30
# A telephone's clock may be off by as much, either way.
STEPS_OFF_MAX = 1
SECRET_BYTES = 20
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
GROUP = 4


def new_secret() -> str:
    """Return a secret as authenticators take it, in base 32."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def uri(secret: str, *, email: str) -> str:
    """Return what an authenticator reads from a QR code."""
    label = quote(f"{ISSUER}:{email}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': ISSUER})}"


def matching_step(secret: str, code: str, *, now: datetime) -> int | None:
    """Return the step whose code this is, the newest first; None when it is none of now."""
    totp, current = TOTP(secret, digits=DIGITS), int(now.timestamp()) // STEP_S
    given = code.encode()
    for step in range(current + STEPS_OFF_MAX, current - STEPS_OFF_MAX - 1, -1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), given):
            return step
    return None


def is_totp(code: str) -> bool:
    return len(code) == DIGITS and code.isascii() and code.isdigit()


def tidied(code: str) -> str:
    """Return the code as it was given out, however somebody typed it."""
    return "".join(code.split()).replace("-", "").upper()


def new_recovery_codes() -> list[str]:
    """Return codes of 80 bits each, in groups to be written down."""
    return [_grouped(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]


def _grouped(random: bytes) -> str:
    text = base64.b32encode(random).decode()
    return "-".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))
