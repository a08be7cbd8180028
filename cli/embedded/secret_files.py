"""Secrets that are made once and kept in files which only their owner can read."""

import os
import secrets
from pathlib import Path

SECRET_BYTES = 32
SECRET_MODE = 0o600


def kept_secret(path: Path) -> str:
    """Return the secret in `path`; make it (43 characters, safe in URLs) when there is none."""
    try:
        return path.read_text()
    except FileNotFoundError:
        secret = secrets.token_urlsafe(SECRET_BYTES)
        write_secret(path, secret)
        return secret


def write_secret(path: Path, text: str) -> None:
    """Replace `path` as a whole, so that a crash leaves the old secret or the new one."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET_MODE)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    draft.replace(path)
