"""Hashing and checking passwords by argon2id. Not here: who may try, and how often."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.refusals import Refused

Result = TypeVar("Result")

PASSWORD_CHARACTERS_MIN = 12
PASSWORD_CHARACTERS_MAX = 1_024
THREADS = 2
WAITING_MAX = 32


class TooManyWaiting(Exception):
    """More passwords wait to be checked than can be soon; nothing was checked."""


class PasswordTooWeak(Refused):
    """The password is too short or too long; nothing was written."""


def check_strength(password: str, *path: str) -> None:
    """Return if the password may be chosen.

    :raises PasswordTooWeak: it may not
    """
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        raise PasswordTooWeak(
            *path, minimum=PASSWORD_CHARACTERS_MIN, maximum=PASSWORD_CHARACTERS_MAX
        )


class Passwords:
    """Checks passwords in a few threads, since each takes a core and 64 MiB for a while."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
        self._waiting = 0
        # Whether an e-mail is known must not show in the time that it takes to say no.
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """Return what is kept of a password.

        :raises TooManyWaiting: try again later
        """
        return await self._queued(self._hasher.hash, password)

    async def is_right(self, password: str, stored: str | None) -> bool:
        """Return whether `stored` was made of `password`; None takes as long, and is not.

        :raises TooManyWaiting: try again later
        """
        right = await self._queued(self._verify, stored or self._nobodys, password)
        return right and stored is not None and len(password) <= PASSWORD_CHARACTERS_MAX

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _queued(self, work: Callable[..., Result], *arguments: str) -> Result:
        if self._waiting >= WAITING_MAX:
            raise TooManyWaiting
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password[:PASSWORD_CHARACTERS_MAX])
        except (VerificationError, InvalidHashError):
            return False
