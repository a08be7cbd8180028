"""Points that are above themselves are found, however many there are."""

from time import process_time

import pytest

from domain.bulk.kinds.premises import in_circles

MANY = 50_000


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        pytest.param({}, set(), id="nothing"),
        pytest.param({"A": "B", "B": None}, set(), id="a tree"),
        pytest.param({"A": "elsewhere"}, set(), id="a parent that is there already"),
        pytest.param({"A": "A"}, {"A"}, id="above itself"),
        pytest.param({"A": "B", "B": "C", "C": "A"}, {"A", "B", "C"}, id="a circle"),
        pytest.param({"X": "A", "A": "B", "B": "A"}, {"A", "B"}, id="below a circle"),
        pytest.param({"A": "B", "B": "A", "X": "A"}, {"A", "B"}, id="below a known circle"),
    ],
)
def test_points_of_circles_are_found(parents: dict[str, str | None], expected: set[str]) -> None:
    assert in_circles(parents) == expected


def test_a_long_line_of_points_takes_no_longer_than_it_is() -> None:
    line: dict[str, str | None] = {str(n): str(n + 1) for n in range(MANY)}
    started = process_time()

    assert in_circles(line) == set()

    assert process_time() - started < 1
