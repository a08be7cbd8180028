"""From cells to values: what people and spreadsheets write, and what is refused."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from db.enums import Relay
from domain.bulk import readers
from domain.bulk.readers import Reader
from domain.refusals import InvalidValue
from domain.spreadsheets.cells import guarded, unguarded

ZONE = ZoneInfo("Europe/Istanbul")


@pytest.mark.parametrize(
    ("reader", "cell", "value"),
    [
        pytest.param(readers.text, "00012", "00012", id="text"),
        pytest.param(readers.text, 12345678, "12345678", id="a number is its digits"),
        pytest.param(readers.text, 1.2345678e9, "1234567800", id="a float without fraction"),
        pytest.param(readers.whole_number, 7, 7, id="number"),
        pytest.param(readers.whole_number, "7", 7, id="digits"),
        pytest.param(readers.whole_number, 7.0, 7, id="spreadsheet's number"),
        pytest.param(readers.decimal, "1,5", Decimal("1.5"), id="decimal comma"),
        pytest.param(readers.decimal, "1.5", Decimal("1.5"), id="decimal point"),
        pytest.param(readers.decimal, 0.1, Decimal("0.1"), id="float as it is written"),
        pytest.param(readers.degrees(90), "-41.5", -41.5, id="degrees"),
        pytest.param(readers.address, "2001:DB8::1", "2001:db8::1", id="address"),
        pytest.param(readers.word(Relay), "internal", Relay.INTERNAL, id="word"),
        pytest.param(readers.yes_or_no, True, True, id="switch"),
        pytest.param(readers.yes_or_no, "Evet", True, id="Turkish yes"),
        pytest.param(readers.yes_or_no, "YANLIŞ", False, id="Turkish Excel's false"),
        pytest.param(readers.yes_or_no, "DOĞRU", True, id="Turkish Excel's true"),
        pytest.param(readers.yes_or_no, "HAYIR", False, id="Turkish no in capitals"),
        pytest.param(readers.yes_or_no, 0, False, id="no as a number"),
        pytest.param(
            readers.instant,
            "2026-03-18T15:00:00+03:00",
            datetime(2026, 3, 18, 12, tzinfo=UTC),
            id="with an offset",
        ),
        pytest.param(
            readers.instant, "2026-03-18", datetime(2026, 3, 17, 21, tzinfo=UTC), id="local date"
        ),
        pytest.param(
            readers.instant, "18.3.2026", datetime(2026, 3, 17, 21, tzinfo=UTC), id="Turkish date"
        ),
        pytest.param(
            readers.instant,
            "18.03.2026 15:30",
            datetime(2026, 3, 18, 12, 30, tzinfo=UTC),
            id="Turkish date and time",
        ),
        pytest.param(
            readers.instant,
            datetime(2026, 3, 18, 15),  # noqa: DTZ001 - as spreadsheets have them
            datetime(2026, 3, 18, 12, tzinfo=UTC),
            id="spreadsheet's time",
        ),
        pytest.param(
            readers.instant,
            date(2026, 3, 18),
            datetime(2026, 3, 17, 21, tzinfo=UTC),
            id="spreadsheet's date",
        ),
    ],
)
def test_what_people_write_is_understood(reader: Reader, cell: Any, value: object) -> None:
    assert reader(cell, ZONE) == value


@pytest.mark.parametrize(
    ("reader", "cell"),
    [
        pytest.param(readers.text, 1.5, id="half a serial"),
        pytest.param(readers.text, True, id="no text"),
        pytest.param(readers.text, 1e300, id="more than is exact"),
        pytest.param(readers.text, float("nan"), id="no number"),
        pytest.param(readers.whole_number, "7.5", id="fraction"),
        pytest.param(readers.whole_number, "1e3", id="exponent"),
        pytest.param(readers.whole_number, "9" * 16, id="endless"),
        pytest.param(readers.decimal, "1.234,5", id="thousands separator"),
        pytest.param(readers.decimal, "NaN", id="NaN"),
        pytest.param(readers.decimal, float("inf"), id="infinity"),
        pytest.param(readers.energy_kwh, 1e30, id="more than any register shows"),
        pytest.param(readers.energy_kwh, "0.0005", id="half a watt hour"),
        pytest.param(readers.degrees(90), "90.1", id="beyond the pole"),
        pytest.param(readers.address, "192.0.2", id="no address"),
        pytest.param(readers.address, 192, id="an address is no number"),
        pytest.param(readers.word(Relay), "MAYBE", id="no word"),
        pytest.param(readers.yes_or_no, "perhaps", id="perhaps"),
        pytest.param(readers.instant, "31.02.2026", id="no day"),
        pytest.param(readers.instant, "18/03/2026", id="day or month first?"),
        pytest.param(readers.instant, 46099, id="a bare number"),
        pytest.param(readers.instant, "0001-01-01", id="before time"),
    ],
)
def test_what_is_not_sure_is_refused(reader: Reader, cell: Any) -> None:
    with pytest.raises(InvalidValue):
        reader(cell, ZONE)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("Mall", "Mall", id="plain"),
        pytest.param("=1+1", "'=1+1", id="formula"),
        pytest.param("+905550000000", "'+905550000000", id="telephone"),
        pytest.param("-x", "'-x", id="minus"),
        pytest.param("@x", "'@x", id="at"),
        pytest.param("'=1", "''=1", id="marked already"),
        pytest.param("'quoted'", "'quoted'", id="a quote alone is harmless"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_text_that_would_run_is_marked_and_restored(text: str, written: str) -> None:
    assert guarded(text) == written
    assert unguarded(written) == text
