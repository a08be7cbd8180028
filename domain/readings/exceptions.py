"""Reads that the batch statement leaves out: late, decreasing, or across a change of terms."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from db.access import Connection
from db.enums import ValidationRule
from domain.billing import indexes
from domain.billing import operations as billing
from domain.billing.profiles import with_profile
from domain.billing.rules import Anchor
from domain.billing.told import told
from domain.readings.batch import Read
from domain.readings.rules import continuous_index


@dataclass(slots=True)
class Judged:
    """What became of a meter's exceptional reads."""

    accepted: list[Read] = field(default_factory=list)
    held: list[tuple[Read, ValidationRule]] = field(default_factory=list)


async def store(connection: Connection, reads: Sequence[Read]) -> Judged:
    """Judge one meter's reads one by one, store those that fit, and charge what they change.

    reads: by time, all with the total register; the meter's billing state is locked. Charges go to
    the transaction's temporary `charge` table.
    """
    company_id, meter_id = reads[0].company_id, reads[0].meter_id
    before = await indexes.anchors(
        connection,
        company_id=company_id,
        meter_id=meter_id,
        from_at=reads[0].at,
        until_at=reads[-1].at,
    )
    limits = await _limits(connection, reads[0])
    after, judged = list(before), Judged()
    # What a meter recalls must not stand in the way of what it shows.
    for read in sorted(reads, key=lambda one: one.is_recalled):
        anchor = _fit(after, read, limits)
        if isinstance(anchor, ValidationRule):
            judged.held.append((read, anchor))
            continue
        if anchor not in after:
            # It fits after what was known of its instant: the higher one counts.
            others = (one for one in after if one.at != anchor.at)
            after = sorted([*others, anchor], key=lambda one: one.at)
        judged.accepted.append(read)
        await _insert(connection, read, anchor.index_wh)
    after = await told(connection, company_id=company_id, meter_id=meter_id, known=after)
    after = await with_profile(connection, company_id=company_id, meter_id=meter_id, known=after)
    if [(one, one.registers) for one in after] != [(one, one.registers) for one in before]:
        charges = await billing.settle(
            connection, company_id=company_id, meter_id=meter_id, before=before, after=after
        )
        await connection.copy_records_to_table("charge", records=charges, schema_name="pg_temp")
    return judged


@dataclass(frozen=True, slots=True)
class _Limits:
    register_range_wh: int
    power_w_max: int


def _fit(anchors: Sequence[Anchor], read: Read, limits: _Limits) -> Anchor | ValidationRule:
    """Return where the read stands between its neighbours, or the rule that it breaks there."""
    assert read.raw_index_wh is not None  # noqa: S101 - the stage sends only these here
    previous = next((a for a in reversed(anchors) if a.at <= read.at), None)
    following = next((a for a in anchors if a.at > read.at), None)
    if previous is None:
        index_wh: int | ValidationRule = read.raw_index_wh
        if not 0 <= read.raw_index_wh < limits.register_range_wh:
            return ValidationRule.REGISTER_RANGE
    else:
        index_wh = continuous_index(
            read.raw_index_wh,
            after_index_wh=previous.index_wh,
            elapsed=read.at - previous.at,
            register_range_wh=limits.register_range_wh,
            power_w_max=limits.power_w_max,
        )
    if isinstance(index_wh, ValidationRule):
        return index_wh
    if following is not None and index_wh > following.index_wh:
        return ValidationRule.NEGATIVE_CONSUMPTION
    return Anchor(read.at, index_wh)


async def _limits(connection: Connection, read: Read) -> _Limits:
    row = await connection.fetchrow(
        "select register_range_wh, power_w_max from billing_state"
        " where company_id = $1 and meter_id = $2",
        read.company_id,
        read.meter_id,
    )
    return _Limits(row["register_range_wh"], row["power_w_max"])  # type: ignore[index]


async def _insert(connection: Connection, read: Read, index_wh: int) -> None:
    await connection.execute(
        "insert into reading (company_id, meter_id, register_set_id, ts, index_wh, quality,"
        ' time_source, meter_at, collector_at, received_at, frame_id, "values")'
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        read.company_id,
        read.meter_id,
        read.register_set_id,
        read.at,
        index_wh,
        read.quality,
        read.time_source,
        read.meter_at,
        read.collector_at,
        read.received_at,
        read.frame_id,
        read.values,
    )


async def hold(connection: Connection, held: Sequence[tuple[Read, ValidationRule]]) -> None:
    """Keep reads out until a person decides. Holding the same one again changes nothing."""
    await connection.executemany(
        "insert into held_reading (company_id, meter_id, register_set_id, ts, rule, detail,"
        " raw_index_wh, time_source, meter_at, collector_at, received_at, frame_id,"
        ' "values") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)'
        " on conflict do nothing",
        [
            (
                read.company_id,
                read.meter_id,
                read.register_set_id,
                read.at,
                rule,
                DETAILS[rule],
                read.raw_index_wh,
                read.time_source,
                read.meter_at,
                read.collector_at,
                read.received_at,
                read.frame_id,
                read.values,
            )
            for read, rule in held
        ],
    )


DETAILS = {
    ValidationRule.FUTURE: "dated more than five minutes after its receipt",
    ValidationRule.TOO_OLD: "older than ninety days",
    ValidationRule.NEGATIVE_CONSUMPTION: "the total register is lower than before, or higher than"
    " after, and no rollover explains it",
    ValidationRule.REGISTER_RANGE: "the total register has more digits than the meter is said to",
    ValidationRule.INTERVAL_SPIKE: "more energy than the meter can carry since the last",
}


async def keep_conflicts(connection: Connection, conflicts: Sequence[Read]) -> None:
    """Keep reads that contradict one of the same key in their own batch."""
    await connection.executemany(
        "insert into reading_conflict (company_id, meter_id, register_set_id, ts, frame_id,"
        ' received_at, "values") values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing',
        [
            (
                read.company_id,
                read.meter_id,
                read.register_set_id,
                read.at,
                read.frame_id,
                read.received_at,
                read.values,
            )
            for read in conflicts
        ],
    )
