"""How far a caller's questions reach."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from api.caller import Caller
from api.permissions.confine import Confine
from db.access import Connection, reading
from domain.listing import Wall


@dataclass(frozen=True, slots=True)
class Reach:
    """One company's connection, behind the caller's wall."""

    caller: Caller
    now: datetime
    confine: Confine

    @property
    def wall(self) -> Wall:
        return self.confine(self.caller, now=self.now)

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        return reading(self.caller.company_id)
