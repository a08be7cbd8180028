"""Real readouts go in by replay: each register is stored, or named as skipped with a reason."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from iec62056_21.messages import DataLine  # type: ignore[import-untyped]

from cli.company_choice import chosen_company
from cli.replay.importer import ImportOptions
from cli.replay.readout_file import ReadoutFile
from cli.replay.report import End
from cli.replay.run import Replay
from collectors.protocols.iec62056_21.history import PERIOD_END
from db import access
from db.settings import Urls
from domain.readings.rules import clock_zone
from tests.cli.running_system import HOST, System, running_system
from tests.factories import NOW, make_place
from tests.real.readouts import FILES, FOLDER, only_with_files

PATHS = [FOLDER / name for name in FILES]
ZONE = "Europe/Istanbul"
WRONG_CHECKSUM = {
    "testSerialRequestResponseD0-20-2.txt",
    "testSerialRequestResponseD0BufferOverrun-3.txt",
}
NO_REGISTERS = {
    "emh-p01-8ch-registers.txt",
    "emh-p98-status-events.txt",
    "measurement-p01-4ch-kwh.txt",
    "metcom-p01-6ch-import.txt",
    "metcom-p98-coded-events.txt",
}
UNDATED = {"testHttpRequestD0-1.txt", "testSerialResponseD0FastSend-10.txt"}

# What a meter says of itself is told apart: its serial, its clock, its error flags.
OF_ITSELF = {"0.0", "0.0.0", "0.9.1", "0.9.2", "1.0.0", "96.1.1", "F", "F.F", "F.F.0"}

# What the meter kept from the ends of months, the newest first, by its own clock.
KEPT = f"""
    select to_char(r.ts at time zone '{ZONE}', 'YYYY-MM-DD"T"HH24:MI:SS') as ended, s.obis,
        r."values"
    from reading r
    join register_set s on s.company_id = r.company_id and s.id = r.register_set_id
    order by r.ts desc offset 1
"""

DataSetName = tuple[str, int | None]

pytestmark = only_with_files


@pytest.fixture
async def system(database: Urls, redis_url: str) -> AsyncIterator[System]:
    async with running_system(database, redis_url, NOW) as system:
        await make_place(meters=0, time_zone=ZONE)
        yield system


async def replayed(system: System, files: list[Path], home: Path) -> dict[str, dict[str, Any]]:
    """Return what is said of each file, by its name, as a program gets it."""
    job = Replay(
        company=await chosen_company(None),
        options=ImportOptions(None, None, True, None, home),
        host=HOST,
        port=system.port,
        clock=system.clock,
        at=system.now,
    )
    facts = [report.facts() for report in await job.run(files)]
    return {Path(fact["file"]).name: fact for fact in json.loads(json.dumps(facts))}


def seen_by_the_oracle(path: Path) -> Counter[DataSetName]:
    """Return the short codes that an independent parser sees, with their billing periods."""
    lines = path.read_bytes().decode("ascii").replace("\x02", "").splitlines()
    return Counter(
        named(data_set.address)
        for line in lines
        for data_set in DataLine.from_representation(line).data_sets
        if data_set.address is not None
    )


def named(address: str) -> DataSetName:
    code, _, history = address.rpartition(":")[2].partition("*")
    return code, int(history) if history not in {"", "255"} else None


def told_of(facts: dict[str, Any]) -> Counter[DataSetName]:
    registers = [(row["code"], None) for row in facts["registers"]]
    kept = [
        (code, period["number"])
        for period in facts["periods"]
        for code in (PERIOD_END, *(row["code"] for row in period["registers"]))
    ]
    skipped = [(row["code"], row["history"]) for row in facts["skipped"]]
    return Counter([*registers, *kept, *skipped])


def expected_end(name: str) -> tuple[str, str | None]:
    if name in NO_REGISTERS:
        return End.REFUSED, "NO_REGISTERS"
    if name in WRONG_CHECKSUM:
        return End.REFUSED, "WRONG_CHECKSUM"
    return (End.STORED, None) if name in UNDATED else (End.HELD, "TOO_OLD")


async def test_every_register_that_the_oracle_sees_is_stored_or_named(
    system: System, tmp_path: Path
) -> None:
    found = await replayed(system, PATHS, tmp_path)

    ends = {name: (facts["end"], facts["reason"]) for name, facts in found.items()}
    unnamed = {
        name for path in PATHS for name in seen_by_the_oracle(path) - told_of(found[path.name])
    }
    assert ends == {path.name: expected_end(path.name) for path in PATHS}
    assert unnamed == {(code, None) for code in OF_ITSELF}
    assert all(row["reason"] for facts in found.values() for row in facts["skipped"])


@pytest.mark.parametrize(
    "path",
    [path for path in PATHS if expected_end(path.name)[0] == End.HELD],
    ids=lambda path: path.name,
)
async def test_a_dated_readout_is_stored_with_all_its_registers_in_its_own_time(
    system: System, tmp_path: Path, path: Path
) -> None:
    taken_at = ReadoutFile.read(path).taken_at(clock_zone(ZONE))
    assert taken_at is not None
    await system.travel(taken_at + timedelta(hours=1))

    (facts,) = (await replayed(system, [path], tmp_path)).values()

    async with access.system() as connection:
        row = await connection.fetchrow(
            'select r.ts, s.obis, r."values" from reading r join register_set s'
            " on s.company_id = r.company_id and s.id = r.register_set_id"
            " order by r.ts desc limit 1"
        )
        kept = await connection.fetch(KEPT)
    assert row is not None
    assert (facts["end"], facts["readAt"]) == (End.STORED, taken_at.isoformat())
    assert row["ts"] == taken_at.astimezone(UTC)
    assert [(r["code"], r["value"]) for r in facts["registers"]] == list(
        zip(row["obis"], row["values"], strict=True)
    )
    assert [dict(row) for row in kept] == [
        {
            "ended": period["ended"],
            "obis": [register["code"] for register in period["registers"]],
            "values": [register["value"] for register in period["registers"]],
        }
        for period in facts["periods"]
    ]
