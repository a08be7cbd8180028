"""Reading raw frames as people look at them: what was delivered, and what became of it."""

from collections.abc import Sequence
from datetime import datetime

from db.access import Connection
from db.enums import MatchStatus
from domain.facets import id_of, instant, text, word
from domain.frames.packing import unpack
from domain.listing import Listing, Wall, fetch


def _of_review(column: str) -> str:
    return (
        f"(select v.{column} from review_frame v where v.company_id = raw_frame.company_id"
        " and v.frame_id = raw_frame.id)"
    )


# What is in neither queue is matched.
STATUS = (
    f"coalesce({_of_review('status')}, case when exists (select from pending_frame p"
    " where p.company_id = raw_frame.company_id and p.frame_id = raw_frame.id)"
    " then 'PENDING' else 'MATCHED' end)"
)
IN_REVIEW = """(raw_frame.company_id, raw_frame.id, raw_frame.received_at) in (
    select v.company_id, v.frame_id, v.received_at from review_frame v
    where v.company_id = {company})"""
RECEIVED = "raw_frame.received_at >= {received_from} and raw_frame.received_at < {received_to}"

RAW_FRAMES = Listing(
    table="raw_frame",
    columns=(
        "id",
        "collector_id",
        "received_at",
        "function",
        "reference_id",
        "packet",
        f"{STATUS} as status",
        f"{_of_review('reason')} as reason",
        f"{_of_review('detail')} as detail",
        f"{_of_review('meter_serial')} as meter_serial",
    ),
    facets=(
        instant("raw_frame.received_at"),
        word(STATUS, MatchStatus, name="status"),
        text("raw_frame.function"),
        text(_of_review("reason"), name="reason", nullable=True),
        text(_of_review("meter_serial"), name="meter_serial", nullable=True),
        id_of("collector", "raw_frame.collector_id"),
    ),
    order="received_at",
    newest_first=True,
)


def received(wall: Wall, *, start: datetime, end: datetime) -> Wall:
    """Return the wall behind which only frames from `start` to before `end` are."""
    return _narrowed(wall, RECEIVED, received_from=start, received_to=end)


def in_review(wall: Wall) -> Wall:
    """Return the wall behind which only frames are that somebody has to look at."""
    return _narrowed(wall, IN_REVIEW)


def _narrowed(wall: Wall, more: str, **values: object) -> Wall:
    def condition(table: str) -> str:
        own = wall.condition(table)
        return f"{own} and {more}" if table == RAW_FRAMES.table else own

    return Wall(condition, {**wall.values, **values})


async def bodies(
    connection: Connection, frame_ids: Sequence[int], *, wall: Wall
) -> dict[int, bytes]:
    """Return the bytes of frames as they were delivered.

    :raises ValueError: this release does not know how one was packed
    """
    template = (
        "select raw_frame.id, raw_frame.body from raw_frame where raw_frame.company_id = {company}"
        f" and raw_frame.id = any({{ids}}::int8[]) and {wall.condition('raw_frame')}"
    )
    rows = await fetch(connection, template, {**wall.values, "ids": list(frame_ids)})
    return {row["id"]: unpack(row["body"]) for row in rows}
