"""Where places and devices were: one row a stay, kept in the transaction that moves them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from db.access import Connection
from db.ids import CompanyId
from domain import rows
from domain.hierarchy import parents

SHORTEST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """What stays (a row of `child`) where (a row of `parent`)."""

    child: str
    parent: str

    @property
    def table(self) -> str:
        return f"{self.child}_placement"


FIELDS = Kind("field", "branch")
COLLECTORS = Kind("collector", "field")
RF_MODULES = Kind("rf_module", "collector")
METERS = Kind("meter", "rf_module")


async def begin(
    connection: Connection, kind: Kind, *, company_id: CompanyId, child_id: int, parent_id: int
) -> None:
    """Begin the first stay, which has no start: it was there since it was added."""
    await connection.execute(
        f"insert into {kind.table} (company_id, {kind.child}_id, {kind.parent}_id)"
        " values ($1, $2, $3)",
        company_id,
        child_id,
        parent_id,
    )


async def move(
    connection: Connection,
    kind: Kind,
    *,
    company_id: CompanyId,
    child_id: int,
    parent_id: int,
    expected_version: int,
    now: datetime,
) -> bool:
    """Move a row to another parent, and return whether it was elsewhere before.

    :raises NotThere, StaleVersion, ParentInactive, AlreadyExists: nothing was written
    """
    await parents.hold_active(connection, kind.parent, company_id=company_id, row_id=parent_id)
    stay = await connection.fetchrow(
        f"select {kind.parent}_id as parent_id, started_at from {kind.table}"
        f" where company_id = $1 and {kind.child}_id = $2 and ended_at is null",
        company_id,
        child_id,
    )
    await rows.change(
        connection,
        kind.child,
        company_id=company_id,
        row_id=child_id,
        expected_version=expected_version,
        changes={f"{kind.parent}_id": parent_id},
    )
    if stay is not None and stay["parent_id"] == parent_id:
        return False
    since = None if stay is None else stay["started_at"]
    # The clock of whoever moved it last may be ahead of ours, and a stay has some length.
    at = now if since is None else max(now, since + SHORTEST)
    await _end(connection, kind, company_id, child_id, at)
    await connection.execute(
        f"insert into {kind.table} (company_id, {kind.child}_id, {kind.parent}_id, started_at)"
        " values ($1, $2, $3, $4)",
        company_id,
        child_id,
        parent_id,
        at,
    )
    return True


async def _end(
    connection: Connection, kind: Kind, company_id: CompanyId, child_id: int, at: datetime
) -> None:
    await connection.execute(
        f"update {kind.table} set ended_at = $3"
        f" where company_id = $1 and {kind.child}_id = $2 and ended_at is null",
        company_id,
        child_id,
        at,
    )
