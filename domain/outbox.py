"""Reading what changed, in an order in which nothing can be overlooked. Not here: writing it.

Rows are written in the transaction of the change itself. A number drawn from a sequence says when
a row was written, not when it became visible; so rows are read in the order of their transactions,
and only those of transactions before which none is still running.
"""

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self, cast

from db.access import Connection
from db.ids import AccountId, CompanyId, FieldId, MeterId

RETENTION = timedelta(hours=48)
READ_ROWS_MAX = 1_000
CURSOR_TEXT = struct.Struct(">qqq")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ID_MAX = 2**63 - 1

Topic = Literal["readings", "balances", "profiles"]


class InvalidCursor(Exception):
    """The text is no cursor that was ever handed out."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two rows of the outbox.

    at: when the row before it was written, or when the place was looked up; tells its age only.
    """

    xid: int
    id: int
    at: datetime

    def __str__(self) -> str:
        microseconds = (self.at - EPOCH) // MICROSECOND
        packed = CURSOR_TEXT.pack(self.xid, self.id, microseconds)
        return base64.urlsafe_b64encode(packed).decode()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cursor whose text this is.

        :raises InvalidCursor: it is none
        """
        try:
            xid, row_id, microseconds = CURSOR_TEXT.unpack(base64.urlsafe_b64decode(text))
            at = EPOCH + microseconds * MICROSECOND
        except (binascii.Error, struct.error, ValueError, OverflowError) as error:
            raise InvalidCursor(text) from error
        if xid < 0 or row_id < 0:
            raise InvalidCursor(text)
        return cls(xid, row_id, at)

    def is_expired(self, *, now: datetime) -> bool:
        """Return whether rows after it may have been dropped already."""
        return now - self.at > RETENTION


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A change: whose, and the ids of what it touched; values are fetched by whoever may see them.

    from_ts, to_ts: first and last instant of a batch of readings, both inclusive.
    """

    cursor: Cursor
    company_id: CompanyId
    topic: Topic
    created_at: datetime
    field_id: FieldId | None
    batch: int | None
    from_ts: datetime | None
    to_ts: datetime | None
    meter_ids: Sequence[MeterId]
    account_ids: Sequence[AccountId]

    def is_after(self, cursor: Cursor) -> bool:
        return (self.cursor.xid, self.cursor.id) > (cursor.xid, cursor.id)

    @classmethod
    def of(cls, record: Any) -> Self:
        return cls(
            cursor=Cursor(record["position"], record["id"], record["created_at"]),
            company_id=CompanyId(record["company_id"]),
            topic=cast("Topic", record["topic"]),
            created_at=record["created_at"],
            field_id=record["field_id"],
            batch=record["batch"],
            from_ts=record["from_ts"],
            to_ts=record["to_ts"],
            meter_ids=record["meter_ids"],
            account_ids=record["account_ids"],
        )


POSITION = "select pg_snapshot_xmin(pg_current_snapshot())::text::int8"

# No bound on created_at: pruning would save 0.2 ms a look and make the order depend on clocks.
READ_SINCE = """
select xid::text::int8 as position, id, company_id, topic, created_at, field_id, batch, from_ts,
    to_ts, meter_ids, account_ids
from outbox
where (xid, id) > ($1::text::xid8, $2) and xid < pg_snapshot_xmin(pg_current_snapshot())
    and ($3::int4 is null or company_id = $3) and ($4::text is null or topic = $4)
order by outbox.xid, outbox.id
limit $5
"""


async def position(connection: Connection, *, now: datetime) -> Cursor:
    """Return the place after every row that `read_since` would return now.

    Look it up before a query, and what the query does not see comes after it. Some of what the
    query does see may come after it as well.
    """
    xmin = cast("int", await connection.fetchval(POSITION))
    return Cursor(xmin - 1, ID_MAX, now)


async def read_since(
    connection: Connection,
    cursor: Cursor,
    *,
    company_id: CompanyId | None = None,
    topic: Topic | None = None,
    limit: int = READ_ROWS_MAX,
) -> list[OutboxRow]:
    """Return up to `limit` rows after `cursor`, in their order; fewer when there are no more yet.

    company_id: whose rows; those of all companies, for `system` alone, when it is None.
    topic: which rows; all when it is None.
    """
    records = await connection.fetch(
        READ_SINCE, str(cursor.xid), cursor.id, company_id, topic, min(limit, READ_ROWS_MAX)
    )
    return [OutboxRow.of(record) for record in records]
