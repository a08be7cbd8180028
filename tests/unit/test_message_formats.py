"""Amounts, days and times as people of each language write them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from domain.messages.facts import Money
from domain.messages.formats import day, language_of, moment, money


@pytest.mark.parametrize(
    ("amount", "currency", "english", "turkish"),
    [
        pytest.param("0", "TRY", "TRY 0.00", "0,00 TRY", id="nothing"),
        pytest.param("-0.004", "TRY", "TRY 0.00", "0,00 TRY", id="less than one can owe"),
        pytest.param("-0.01", "TRY", "TRY -0.01", "-0,01 TRY", id="owed"),
        pytest.param(
            "1234567.891", "TRY", "TRY 1,234,567.89", "1.234.567,89 TRY", id="in groups of three"
        ),
        pytest.param("999.995", "EUR", "EUR 1,000.00", "1.000,00 EUR", id="rounded up a group"),
        pytest.param("1234.5", "JPY", "JPY 1,234", "1.234 JPY", id="without decimals"),
        pytest.param("1234.5", "KWD", "KWD 1,234.500", "1.234,500 KWD", id="with three"),
    ],
)
def test_money(amount: str, currency: str, english: str, turkish: str) -> None:
    value = Money(Decimal(amount), currency)

    assert (money(value, language="en"), money(value, language="tr")) == (english, turkish)


def test_days() -> None:
    written = [day(date(2026, 8, 1), language=language) for language in ("en", "tr")]

    assert written == ["1 August 2026", "1 Ağustos 2026"]


@pytest.mark.parametrize(
    ("time_zone", "expected"),
    [
        ("UTC", "31 December 2026 23:30 (UTC)"),
        ("Europe/Istanbul", "1 January 2027 02:30 (+03)"),
        ("Europe/Berlin", "1 January 2027 00:30 (CET)"),
    ],
)
def test_an_instant_is_told_by_the_zones_clock(time_zone: str, expected: str) -> None:
    at = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert moment(at, time_zone=time_zone, language="en") == expected


@pytest.mark.parametrize(
    ("locale", "language"), [("tr", "tr"), ("tr-TR", "tr"), ("TR", "tr"), ("de-DE", "en")]
)
def test_the_language_of_a_locale(locale: str, language: str) -> None:
    assert language_of(locale) == language
