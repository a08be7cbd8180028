"""What the tables of who pays, and of what is mounted, say of a metering point at an instant."""

from collections.abc import Iterable

from db.access import Connection
from db.ids import CompanyId
from domain.billing import submeters
from domain.bulk import readers
from domain.bulk.kind import Column


def point(meaning: str) -> Column:
    return Column(name="point", meaning=meaning, example="4001234567", required=True)


def instant(name: str, event: str) -> Column:
    """Return the column of when something happened, which an import does not change."""
    return Column(
        name=name,
        meaning=f"{event}; a time without an offset is the company's own.",
        example="2026-03-29 14:30",
        read=readers.instant,
        required=True,
        changeable=False,
    )


def index_kwh(name: str, meaning: str, *, changeable: bool = True) -> Column:
    return Column(
        name=name,
        meaning=meaning,
        example="0",
        read=readers.energy_kwh,
        required=True,
        changeable=changeable,
    )


async def hold(
    connection: Connection,
    company_id: CompanyId,
    point_ids: Iterable[int],
    *,
    meter_ids: Iterable[int] = (),
) -> None:
    """Take what each of several creations locks, in the order in which everybody does."""
    points = list(point_ids)
    await submeters.hold_lines(connection, company_id, points)
    await submeters.hold_meters(connection, company_id, points, meter_ids=meter_ids)
