"""How amounts, numbers and times are written in the languages that we speak. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from domain.messages.facts import Money
from domain.money import decimals_of

FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """How a language writes numbers and names months. money: with `amount` and `currency`."""

    decimal_mark: str
    group_mark: str
    money: str
    months: Sequence[str]


LANGUAGES: Mapping[str, Language] = {
    "en": Language(
        decimal_mark=".",
        group_mark=",",
        money="{currency} {amount}",
        months=(
            *("January", "February", "March", "April", "May", "June", "July"),
            *("August", "September", "October", "November", "December"),
        ),
    ),
    "tr": Language(
        decimal_mark=",",
        group_mark=".",
        money="{amount} {currency}",
        months=(
            *("Ocak", "Şubat", "Mart", "Nisan", "Mayıs", "Haziran", "Temmuz"),
            *("Ağustos", "Eylül", "Ekim", "Kasım", "Aralık"),
        ),
    ),
}


def language_of(locale: str) -> str:
    """Return the language of `tr` or `tr-TR`; English where we do not speak it."""
    language = locale.partition("-")[0].lower()
    return language if language in LANGUAGES else FALLBACK


def number(value: Decimal, *, decimals: int, language: str) -> str:
    """Return a number with groups of three digits, rounded half to even."""
    marks = LANGUAGES[language]
    rounded = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)
    # Nobody owes a zero.
    written = f"{rounded + 0:,.{decimals}f}" if rounded else f"{0:.{decimals}f}"
    return written.translate(str.maketrans(",.", marks.group_mark + marks.decimal_mark))


def money(value: Money, *, language: str) -> str:
    amount = number(value.amount, decimals=decimals_of(value.currency), language=language)
    return LANGUAGES[language].money.format(amount=amount, currency=value.currency)


def day(value: date, *, language: str) -> str:
    return f"{value.day} {LANGUAGES[language].months[value.month - 1]} {value.year}"


def moment(value: datetime, *, time_zone: str, language: str) -> str:
    """Return an instant as a day and a time of the zone, which is named."""
    local = value.astimezone(ZoneInfo(time_zone))
    return f"{day(local, language=language)} {local:%H:%M} ({local.tzname()})"
