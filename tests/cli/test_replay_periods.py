"""What meters kept from the ends of months comes in with the files of their readouts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.replay.report import End
from tests.cli.replays import READ_AT, kept, replayed, stored, written
from tests.cli.running_system import System
from tests.factories import Place

MONTH_ENDED_AT = datetime(2026, 2, 28, 21, tzinfo=UTC)


async def test_what_a_meter_kept_is_stored_and_told_beside_its_reading(
    system: System, place: Place, tmp_path: Path
) -> None:
    file = written(tmp_path, "kept.txt", serial="NEW-1", more=kept(4_000))

    (report,) = await replayed(system, [file], tmp_path)

    assert (report.end, report.read_at) == (End.STORED, READ_AT)
    assert report.facts()["periods"] == [
        {
            "number": 7,
            "ended": "2026-03-01T00:00:00",
            "registers": [{"code": "1.8.0", "value": 4_000, "scaler": 0, "unit": "Wh"}],
        }
    ]
    assert await stored() == [("NEW-1", MONTH_ENDED_AT, 4_000), ("NEW-1", READ_AT, 5_000)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(kept(4_000), kept(4_001), id="contradicts"),
        pytest.param("", kept(9_000), id="is held"),
    ],
)
async def test_what_is_wrong_with_a_kept_period_is_not_said_of_the_reading(
    system: System, place: Place, tmp_path: Path, before: str, after: str
) -> None:
    first = written(tmp_path, "first.txt", serial="NEW-1", more=before)
    later = READ_AT + timedelta(minutes=1)
    second = written(tmp_path, "second.txt", serial="NEW-1", at=later, more=after)
    await replayed(system, [first], tmp_path)

    (report,) = await replayed(system, [second], tmp_path)

    assert (report.end, report.read_at) == (End.STORED, later)
