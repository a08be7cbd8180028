"""What resolvers know of the request they serve."""

from dataclasses import dataclass, field
from datetime import datetime

import strawberry

from api.caller import Caller
from api.equipment import Equipment
from api.errors import Unauthenticated
from api.loaders import Loaders
from api.messages import FALLBACK
from api.rate_limits import Allowance
from api.reach import Reach
from db.acting import Actor
from db.enums import ActorKind
from domain.outbox import Cursor, position


@dataclass(slots=True, kw_only=True)
class Context:
    """One operation, or one event of a subscription. A socket makes one for each.

    caller: None when nobody is signed in.
    address, user_agent: where the request came from, for limiting attempts and telling sessions.
    language: which one the request asks for, of those that we speak.
    request_id: ties what happens to its log lines.
    allowance: what the operation was let have; None before that, and for events.
    """

    equipment: Equipment
    caller: Caller | None
    address: str
    request_id: str | None = None
    user_agent: str = ""
    language: str | None = None
    allowance: Allowance | None = field(default=None, init=False)
    _loaders: Loaders | None = field(default=None, init=False)
    _cursor: Cursor | None = field(default=None, init=False)

    def clock(self) -> datetime:
        """Return the time, aware, in UTC."""
        return self.equipment.clock()

    @property
    def signed_in(self) -> Caller:
        """Return the caller.

        :raises Unauthenticated: there is none
        """
        if self.caller is None:
            raise Unauthenticated
        return self.caller

    @property
    def locale(self) -> str:
        """The language of messages: the caller's, or the one that the request asks for."""
        return self.caller.locale if self.caller else self.language or FALLBACK

    @property
    def loaders(self) -> Loaders:
        """Return the operation's loaders, which see what the caller may see.

        :raises Unauthenticated: there is no caller
        """
        if self._loaders is None:
            reach = Reach(self.signed_in, self.clock(), self.equipment.confine)
            self._loaders = Loaders(reach, self.equipment.keyring)
        return self._loaders

    @property
    def actor(self) -> Actor:
        """Return who acts, as it is recorded with every change."""
        caller, address, request_id = self.caller, self.address or None, self.request_id
        if caller is None:
            return Actor(kind=ActorKind.SYSTEM, address=address, request_id=request_id)
        if caller.key is None:
            return Actor(
                kind=ActorKind.USER,
                user_id=caller.user_id,
                role=caller.role_name,
                address=address,
                request_id=request_id,
            )
        return Actor(
            kind=ActorKind.KEY,
            user_id=caller.key.user_id,
            key_id=caller.key.id,
            name=caller.name,
            address=address,
            request_id=request_id,
        )

    def forget(self) -> None:
        """Forget what was loaded: something was changed since."""
        self._loaders = None

    async def draw(self, cost: int) -> Allowance:
        """Let the operation have its cost out of the caller's budget, and remember that.

        :raises RateLimited: there is not as much left
        """
        self.allowance = await self.equipment.limits.draw(
            cost, self.caller, address=self.address, now=self.clock()
        )
        return self.allowance

    async def cursor(self) -> Cursor:
        """Return where events stood at the first call, which comes before anything is read.

        :raises Unauthenticated: there is no caller
        """
        if self._cursor is None:
            async with self.loaders.reach.connection() as connection:
                self._cursor = await position(connection, now=self.clock())
        return self._cursor

    def renewed(self, caller: Caller | None, *, request_id: str | None = None) -> "Context":
        """Return the context of the next operation, which has an id of its own, or event."""
        return Context(
            equipment=self.equipment,
            caller=caller,
            address=self.address,
            request_id=request_id or self.request_id,
            user_agent=self.user_agent,
            language=self.language,
        )


Info = strawberry.Info[Context, None]
