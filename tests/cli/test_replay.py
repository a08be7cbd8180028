"""Importing readouts from files through a gateway and a drain loop."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.endings import Refused, Unreachable
from cli.replay.importer import import_serial
from cli.replay.report import End
from db import access
from tests.cli.replays import READ_AT, replayed, stored, written
from tests.cli.running_system import System
from tests.factories import NOW, TOKEN, Place


async def test_a_readout_of_a_known_meter_is_stored_as_its_collector_delivers_it(
    system: System, place: Place, tmp_path: Path
) -> None:
    serial = place.supplies[0].serial
    file = written(tmp_path, "one.txt", serial=serial)

    (report,) = await replayed(
        system,
        [file],
        tmp_path,
        collector=("WTL", place.collector_serial),
        token=TOKEN,
        may_create=False,
    )

    assert (report.end, report.read_at) == (End.STORED, READ_AT)
    assert await stored() == [(serial, READ_AT, 5_000)]


async def test_an_unknown_meter_is_made_with_the_digits_of_its_readout(
    system: System, place: Place, tmp_path: Path
) -> None:
    file = written(tmp_path, "new.txt", serial="NEW-1")

    (report,) = await replayed(system, [file], tmp_path)

    async with access.system() as connection:
        row = await connection.fetchrow(
            "select m.register_digits, r.serial as module, c.serial as collector from meter m"
            " join rf_module r on r.id = m.rf_module_id join collector c on c.id = r.collector_id"
            " where m.serial = 'NEW-1'"
        )
    assert (report.end, report.delivery.created_meter) == (End.STORED, True)
    assert row is not None
    assert tuple(row) == (7, "IMPORT", import_serial(place.company_id))


async def test_importing_a_file_again_changes_nothing_and_says_so(
    system: System, place: Place, tmp_path: Path
) -> None:
    file = written(tmp_path, "one.txt", serial=place.supplies[0].serial)
    await replayed(system, [file], tmp_path)
    other = written(tmp_path, "other.txt", serial=place.supplies[0].serial, more="0.2.2(x)\r\n")

    again, the_same_in_other_words = await replayed(system, [file, other], tmp_path)

    assert (again.end, the_same_in_other_words.end) == (End.STORED, End.KNOWN)
    assert len(await stored()) == 1


async def test_a_reading_that_is_too_old_is_held_and_named(
    system: System, place: Place, tmp_path: Path
) -> None:
    old_at = NOW - timedelta(days=400)
    file = written(tmp_path, "old.txt", serial=place.supplies[0].serial, at=old_at)

    first, second = [(await replayed(system, [file], tmp_path))[0] for _ in range(2)]

    assert (first.end, first.reason, first.read_at) == (End.HELD, "TOO_OLD", old_at)
    assert second.end is End.HELD
    assert await stored() == []


async def test_another_value_of_the_same_time_conflicts(
    system: System, place: Place, tmp_path: Path
) -> None:
    serial = place.supplies[0].serial
    first = written(tmp_path, "1.txt", serial=serial, index_wh=5_000)
    other = written(tmp_path, "2.txt", serial=serial, index_wh=5_001)
    await replayed(system, [first], tmp_path)

    (report,) = await replayed(system, [other], tmp_path)

    assert report.end is End.CONFLICTING
    assert await stored() == [(serial, READ_AT, 5_000)]


async def test_a_time_given_by_the_operator_fills_in_only_what_the_file_lacks(
    system: System, place: Place, tmp_path: Path
) -> None:
    serial = place.supplies[0].serial
    dated = written(tmp_path, "dated.txt", serial=serial)
    undated = written(tmp_path, "undated.txt", serial=serial, at=None, index_wh=6_000)
    at = datetime(2026, 3, 18, 14)  # noqa: DTZ001 - the company's local time

    reports = await replayed(system, [dated, undated], tmp_path, at=at)

    assert [r.read_at for r in reports] == [READ_AT, datetime(2026, 3, 18, 11, tzinfo=UTC)]
    assert [r.delivery.time_from for r in reports] == ["the file", "--at"]


async def test_an_unknown_meter_is_refused_with_its_reason(
    system: System, place: Place, tmp_path: Path
) -> None:
    known = written(tmp_path, "known.txt", serial=place.supplies[0].serial)
    await replayed(system, [known], tmp_path)
    file = written(tmp_path, "unknown.txt", serial="NOBODY")

    (report,) = await replayed(system, [file], tmp_path, may_create=False)

    assert (report.end, report.reason) == (End.REFUSED, "UNKNOWN_METER")


async def test_a_serial_given_by_the_operator_is_that_of_files_without_one(
    system: System, place: Place, tmp_path: Path
) -> None:
    serial = place.supplies[0].serial
    path = tmp_path / "nameless.txt"
    path.write_text("1.8.0(000007.000*kWh)\r\n!\r\n")

    (report,) = await replayed(system, [path], tmp_path, serial=serial, at=READ_AT)

    assert (report.end, report.delivery.serial_from) == (End.STORED, "--serial")
    assert await stored() == [(serial, READ_AT, 7_000)]


async def test_a_nameless_meter_is_named_after_its_identification_or_its_file(
    system: System, place: Place, tmp_path: Path
) -> None:
    identified, anonymous = tmp_path / "a.txt", tmp_path / "meter-7.txt"
    identified.write_text("/ABC5METER\r\n\r\n1.8.0(000007.000*kWh)\r\n!\r\n")
    anonymous.write_text("1.8.0(000007.000*kWh)\r\n!\r\n")

    reports = await replayed(system, [identified, anonymous], tmp_path, at=READ_AT)

    assert [(r.delivery.serial, r.delivery.serial_from) for r in reports] == [
        ("ABC5METER", "derived from the identification"),
        ("meter-7", "derived from the file's name"),
    ]
    assert [r.end for r in reports] == [End.STORED, End.STORED]


async def test_a_long_file_goes_in_fragments(system: System, place: Place, tmp_path: Path) -> None:
    serial = place.supplies[0].serial
    history = "".join(f"1.8.0*{n % 99 + 1:02}(000001.000*kWh)\r\n" for n in range(400))
    file = written(tmp_path, "long.txt", serial=serial, more=history)

    (report,) = await replayed(system, [file], tmp_path)

    async with access.system() as connection:
        frames = await connection.fetchval("select count(*) from raw_frame")
    assert (report.end, len(report.facts()["skipped"])) == (End.STORED, 400)
    assert frames == 3


async def test_files_that_are_no_readouts_are_refused_and_harm_nobody(
    system: System, place: Place, tmp_path: Path
) -> None:
    empty, noise = tmp_path / "empty.txt", tmp_path / "noise.bin"
    empty.write_bytes(b"")
    noise.write_bytes(bytes(range(256)))
    good = written(tmp_path, "good.txt", serial=place.supplies[0].serial)

    reports = await replayed(system, [empty, noise, good], tmp_path)

    assert [(r.end, r.reason) for r in reports] == [
        (End.REFUSED, "UNREADABLE"),
        (End.REFUSED, "NO_REGISTERS"),
        (End.STORED, None),
    ]


async def test_a_wrong_token_delivers_nothing(system: System, place: Place, tmp_path: Path) -> None:
    file = written(tmp_path, "one.txt", serial=place.supplies[0].serial)

    with pytest.raises(Unreachable, match="refused"):
        await replayed(
            system,
            [file],
            tmp_path,
            collector=("WTL", place.collector_serial),
            token="no",  # noqa: S106
        )

    assert await stored() == []


async def test_without_leave_to_make_a_collector_one_must_be_named(
    system: System, place: Place, tmp_path: Path
) -> None:
    file = written(tmp_path, "one.txt", serial=place.supplies[0].serial)

    with pytest.raises(Refused, match="--collector FLAG:SERIAL"):
        await replayed(system, [file], tmp_path, may_create=False)


async def test_a_company_that_reviews_first_says_so(
    system: System, place: Place, tmp_path: Path
) -> None:
    async with access.system() as connection:
        await connection.execute("update company set review_first = true")
    file = written(tmp_path, "one.txt", serial=place.supplies[0].serial)

    (report,) = await replayed(system, [file], tmp_path)

    assert (report.end, report.reason) == (End.IN_REVIEW, "REVIEW_FIRST")
