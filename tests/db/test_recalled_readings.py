"""Reads that meters recall late: as many at once as a batch has time for."""

from datetime import timedelta

from domain.readings.operations import RECALLED_LATE_MAX, Stored
from tests.db.stored_readings import fetch, store
from tests.factories import NOW, make_place, make_read, make_register_set

MINUTE = timedelta(minutes=1)


async def test_late_reads_that_are_too_many_wait_until_they_are_told_again(
    connected: None,
) -> None:
    place = await make_place()
    registers = await make_register_set(place.company_id)
    late = [
        make_read(place, registers, NOW - minutes * MINUTE, 10_000 - minutes)._replace(
            is_recalled=True
        )
        for minutes in range(1, RECALLED_LATE_MAX + 3)
    ]
    first = make_read(place, registers, NOW, 10_000)
    await store([first])

    stored = await store(late)
    again = await store(late)

    oldest = frozenset(read.key for read in late[-2:])
    assert stored == Stored(RECALLED_LATE_MAX, 0, 0, 0, deferred=oldest)
    assert again == Stored(2, RECALLED_LATE_MAX, 0, 0)
    assert await fetch("select count(*) from reading") == [{"count": len(late) + 1}]
    assert await _energy() == 10_000


async def test_reads_recalled_in_their_order_do_not_wait(connected: None) -> None:
    place = await make_place()
    registers = await make_register_set(place.company_id)
    reads = [
        make_read(place, registers, NOW - minutes * MINUTE, 10_000 - minutes)._replace(
            is_recalled=True
        )
        for minutes in range(RECALLED_LATE_MAX + 2)
    ]

    stored = await store(reads)

    assert stored == Stored(len(reads), 0, 0, 0)
    assert await _energy() == 10_000


async def test_late_reads_that_nobody_recalls_do_not_wait(connected: None) -> None:
    place = await make_place()
    registers = await make_register_set(place.company_id)
    late = [
        make_read(place, registers, NOW - minutes * MINUTE, 10_000 - minutes)
        for minutes in range(1, RECALLED_LATE_MAX + 3)
    ]
    await store([make_read(place, registers, NOW, 10_000)])

    assert await store(late) == Stored(len(late), 0, 0, 0)


async def _energy() -> int:
    (row,) = await fetch("select sum(energy_wh) from accrual")
    return int(row["sum"])
