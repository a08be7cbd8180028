"""What happens to raw frames between their storage and their decoding."""

from db.access import Connection
from db.ids import CompanyId


async def release_unmatched(
    connection: Connection, *, company_id: CompanyId, meter_serial: str
) -> int:
    """Queue the frames that waited for a meter of this serial; return how many. Safe to repeat."""
    status = await connection.execute(
        """
        with released as (
            delete from review_frame
            where company_id = $1 and meter_serial = $2 and status = 'UNMATCHED'
            returning company_id, frame_id, received_at, bucket, fragment_ids
        )
        insert into pending_frame (company_id, frame_id, received_at, bucket, fragment_ids)
        select company_id, frame_id, received_at, bucket, fragment_ids from released
        """,
        company_id,
        meter_serial,
    )
    return int(status.rsplit(" ", 1)[1])
