"""Durations as people type them."""

from datetime import timedelta

import pytest
import typer

from cli.durations import duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("15s", timedelta(seconds=15), id="seconds"),
        pytest.param("90m", timedelta(minutes=90), id="minutes"),
        pytest.param("6h", timedelta(hours=6), id="hours"),
        pytest.param("3d", timedelta(days=3), id="days"),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, expected: timedelta) -> None:
    assert duration(text) == expected


@pytest.mark.parametrize("text", ["", "15", "0s", "-1s", "1.5h", "1w", "\u0661s", "9999999s"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        duration(text)
