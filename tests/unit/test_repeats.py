"""What a process remembers of readings that meters tell again and again."""

from datetime import timedelta
from typing import Any

import pytest

from db.enums import TimeSource
from db.ids import CompanyId, FieldId, FrameId, MeterId
from domain.readings.batch import Read
from tests.factories import NOW
from workers.repeats import Repeats

READ = Read(
    company_id=CompanyId(1),
    meter_id=MeterId(2),
    field_id=FieldId(3),
    register_set_id=4,
    at=NOW,
    raw_index_wh=5_000,
    values=[5_000, None],
    time_source=TimeSource.METER,
    meter_at=NOW,
    collector_at=None,
    received_at=NOW,
    frame_id=FrameId(6),
)


@pytest.mark.parametrize(
    ("changes", "is_known"),
    [
        pytest.param({}, True, id="the same"),
        pytest.param({"frame_id": FrameId(7), "received_at": NOW + timedelta(1)}, True, id="again"),
        pytest.param({"values": [5_001, None]}, False, id="another value"),
        pytest.param({"values": [5_000, 0]}, False, id="a value where none was"),
        pytest.param({"at": NOW + timedelta(1)}, False, id="another period"),
        pytest.param({"register_set_id": 5}, False, id="other registers"),
        pytest.param({"meter_id": MeterId(3)}, False, id="another meter"),
        pytest.param({"company_id": CompanyId(2)}, False, id="another company"),
    ],
)
def test_a_reading_is_known_by_all_that_is_stored_of_it(
    changes: dict[str, Any], is_known: bool
) -> None:
    repeats = Repeats(slots=8)
    repeats.remember([READ])

    assert repeats.has(READ._replace(**changes)) is is_known


def test_nothing_is_known_at_first() -> None:
    assert not Repeats().has(READ)


def test_who_comes_later_takes_the_place() -> None:
    repeats = Repeats(slots=1)
    other = READ._replace(meter_id=MeterId(3))
    repeats.remember([READ])

    repeats.remember([other])

    assert (repeats.has(READ), repeats.has(other)) == (False, True)
