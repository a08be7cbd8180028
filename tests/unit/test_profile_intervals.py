"""When the intervals of a load profile are, and where a profile does not add up."""

from datetime import UTC, datetime, timedelta

import pytest

from db.enums import ProfileKind
from db.ids import CompanyId, FrameId, MeterId
from domain.profiles.rules import Block, Channel, intervals_of
from domain.readings.rules import MeterTime, clock_zone
from domain.tariffs.courses import Contradiction, Course, Mark
from domain.tariffs.flows import Interval, Span

IMPORT = Channel("1.5.0", "Wh", ProfileKind.POWER)
EXPORT = Channel("2.5.0", "Wh", ProfileKind.POWER)
MIDNIGHT = datetime(2026, 3, 17, 21, tzinfo=UTC)
HOUR = timedelta(hours=1)


def block(local: str, *rows: tuple[int | None, ...], summer: bool | None = None) -> Block:
    return Block(
        first_ends=MeterTime(datetime.fromisoformat(local), summer),
        period=timedelta(minutes=30),
        status="00",
        channels=[IMPORT, EXPORT],
        rows=rows,
    )


def starts(blocks: list[Block], rule: str) -> list[tuple[str, str, int]]:
    found = intervals_of(
        blocks,
        clock_zone(rule),
        company_id=CompanyId(1),
        meter_id=MeterId(2),
        received_at=MIDNIGHT,
        frame_id=FrameId(3),
    )
    return [(f"{one.starts_at:%d %H:%M}", f"{one.ends_at:%d %H:%M}", one.value) for one in found]


@pytest.mark.parametrize(
    ("blocks", "rule", "expected"),
    [
        pytest.param(
            [block("2026-03-18T00:30", (1, None), (2, None))],
            "+03:00",
            [("17 21:00", "17 21:30", 1), ("17 21:30", "17 22:00", 2)],
            id="a fixed offset",
        ),
        pytest.param(
            [block("2026-03-18T00:30", (1, 7))],
            "+03:00",
            [("17 21:00", "17 21:30", 1), ("17 21:00", "17 21:30", 7)],
            id="two channels",
        ),
        pytest.param(
            [block("2026-10-25T02:30", (1, None), (2, None), (3, None), (4, None), summer=True)],
            "Europe/Berlin",
            [
                ("25 00:00", "25 00:30", 1),
                ("25 00:30", "25 01:00", 2),
                ("25 01:00", "25 01:30", 3),
                ("25 01:30", "25 02:00", 4),
            ],
            id="an hour that comes twice, in one block",
        ),
        pytest.param(
            [
                block("2026-10-25T02:30", (1, None), summer=True),
                block("2026-10-25T02:30", (3, None), summer=False),
            ],
            "Europe/Berlin",
            [("25 00:00", "25 00:30", 1), ("25 01:00", "25 01:30", 3)],
            id="an hour that comes twice, by its season",
        ),
        pytest.param(
            [block("2026-03-29T01:30", (1, None), (2, None), (3, None))],
            "Europe/Berlin",
            [
                ("29 00:00", "29 00:30", 1),
                ("29 00:30", "29 01:00", 2),
                ("29 01:00", "29 01:30", 3),
            ],
            id="an hour that is left out",
        ),
        pytest.param([block("0001-01-01T00:00", (1, None))], "+03:00", [], id="no such time"),
    ],
)
def test_intervals_follow_each_other_from_the_first(
    blocks: list[Block], rule: str, expected: list[tuple[str, str, int]]
) -> None:
    assert starts(blocks, rule) == expected


def profile(*energies: int, first: int = 0) -> list[Interval]:
    return [
        Interval(MIDNIGHT + (first + n) * HOUR, MIDNIGHT + (first + n + 1) * HOUR, energy_wh)
        for n, energy_wh in enumerate(energies)
    ]


@pytest.mark.parametrize(
    ("total", "intervals", "told_wh"),
    [
        pytest.param(401, profile(100, 100, 100, 100), None, id="adds up"),
        pytest.param(406, profile(100, 100, 100, 100), 400, id="tells too little"),
        pytest.param(394, profile(100, 100, 100, 100), 400, id="tells too much"),
        pytest.param(901, profile(100, 100, 100), None, id="a gap may hold the rest"),
        pytest.param(201, profile(100, 100, 100), 300, id="too much in spite of a gap"),
        pytest.param(901, [], None, id="no profile"),
        pytest.param(2000, profile(100, 100, 100, 100), None, id="digits that are not shown"),
    ],
)
def test_sum_check(total: int, intervals: list[Interval], told_wh: int | None) -> None:
    end = MIDNIGHT + 4 * HOUR
    course = Course(marks=[Mark(MIDNIGHT, 0), Mark(end, total)], profile=intervals)

    found = course.contradictions()

    expected = [Contradiction(Span(MIDNIGHT, end), total, told_wh)] if told_wh else []
    assert found == expected
