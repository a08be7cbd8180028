"""How often people may try to prove who they are.

An attacker must not guess for long, and must not lock anybody out either. So guesses count by the
pair of e-mail and network first, and by the e-mail alone only from networks that its user has not
signed in from of late: whoever is attacked from everywhere still gets in from home.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from api.throttle import Limit, Throttle, network_of
from db.ids import UserId
from domain.identity import sessions

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

ADDRESS = Limit("address", 30, MINUTE)
PAIR = (Limit("pair-minute", 5, MINUTE), Limit("pair-hour", 20, HOUR), Limit("pair-day", 60, DAY))
EMAIL_FROM_ELSEWHERE = Limit("email", 30, HOUR)
# Whoever tries codes and passwords of an account has come in already, or knows the password.
CODE = (Limit("code-minute", 5, MINUTE), Limit("code-hour", 20, HOUR))
PASSWORD = (Limit("password-minute", 5, MINUTE), Limit("password-hour", 20, HOUR))
MAILS_TO_ADDRESS = Limit("mail", 3, HOUR)
INVITATIONS = Limit("invitation", 100, HOUR)
LINK = Limit("link", 10, MINUTE)


class Attempts:
    """Raises `RateLimited` when somebody tries too often; nothing has been checked then."""

    def __init__(self, throttle: Throttle, *, clock: Callable[[], datetime]) -> None:
        self._throttle = throttle
        self._clock = clock

    async def address(self, address: str) -> None:
        await self._throttle.attempt(ADDRESS, network_of(address))

    async def sign_in(self, *, email: str, address: str) -> None:
        await self.address(address)
        email, network = email.strip().casefold(), network_of(address)
        for limit in PAIR:
            await self._throttle.attempt(limit, email, network)
        if not await sessions.is_known(email=email, network=network, now=self._clock()):
            await self._throttle.attempt(EMAIL_FROM_ELSEWHERE, email)

    async def code(self, user_id: UserId) -> None:
        for limit in CODE:
            await self._throttle.attempt(limit, user_id)

    async def password(self, user_id: UserId) -> None:
        for limit in PASSWORD:
            await self._throttle.attempt(limit, user_id)

    async def link(self, address: str) -> None:
        """Count somebody who shows the token of a mailed link."""
        await self._throttle.attempt(LINK, network_of(address))

    async def reset(self, *, email: str, address: str) -> None:
        await self.address(address)
        await self._throttle.attempt(MAILS_TO_ADDRESS, email.strip().casefold())

    async def invitation(self, user_id: UserId) -> None:
        await self._throttle.attempt(INVITATIONS, user_id)
