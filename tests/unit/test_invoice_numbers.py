"""How invoices are numbered."""

import pytest

from domain.invoices.numbering import InvalidFormat, Numbering, check_format


@pytest.mark.parametrize(
    ("format", "place", "number"),
    [
        pytest.param("{series}{year}{number:09}", 42, "INV2026000000042", id="e-invoice"),
        pytest.param("{number}/{year}-{series}", 42, "42/2026-INV", id="without a width"),
        pytest.param("{series}-{year}-{number:04}", 12_345, "INV-2026-12345", id="overflowing"),
    ],
)
def test_a_format_makes_a_number(format: str, place: int, number: str) -> None:
    assert Numbering(check_format(format), "INV", 2026).number(place) == number


@pytest.mark.parametrize(
    "format",
    [
        pytest.param("{year}{number}", id="two series share their numbers"),
        pytest.param("{series}{number}", id="two years share their numbers"),
        pytest.param("{series}{year}", id="all have one number"),
        pytest.param("{series}{year}{number}{number}", id="ambiguous"),
        pytest.param("{series}{year}{number:9}", id="spaces"),
        pytest.param("{series}{year}{number!r}", id="not a slot"),
        pytest.param("{series}{year}{number} Ğ", id="letters that not everybody can type"),
        pytest.param("{series}{year}{number}" + "-" * 40, id="too long"),
    ],
)
def test_other_formats_are_refused(format: str) -> None:
    with pytest.raises(InvalidFormat):
        check_format(format)
