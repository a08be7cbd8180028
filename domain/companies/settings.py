"""What a company says of itself, and the rules that it sets itself."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import asyncpg

from db import access
from db.access import Connection
from db.enums import MessageChannel, Role, SharePeriod
from db.ids import CompanyId
from domain import values
from domain.hierarchy import checks
from domain.hierarchy.checks import Check, checked
from domain.invoices.numbering import SERIES, InvalidFormat, check_format
from domain.money import CURRENCY, micro
from domain.refusals import InvalidValue, NotThere, Refused, StaleVersion
from domain.warnings import asking

ADDRESS_CHARACTERS_MAX = 500
EMAIL_CHARACTERS_MAX = 254
PRESETS_MAX = 10
PERCENT_MAX = 100
PERCENT_STEP = Decimal("0.01")
SERIES_EXPECTED = "1 to 8 capital letters and digits, a letter first and last"
LOCALE = re.compile("[a-z]{2,3}(-[A-Z]{2})?")
# Who is of the company, and sees devices.
NOTIFIED_ROLES = frozenset({Role.ADMINISTRATOR, Role.OPERATOR, Role.AUDITOR, Role.PARTNER})
# Far more than the 90 days by which readings may be late: what they are charged against stays.
READING_RETENTION_DAYS_MIN = 365
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class CurrencyFixed(Refused):
    """Money was charged or posted in the currency already."""


def _matching(pattern: re.Pattern[str], expected: str) -> Check:
    def check(value: str, path: str) -> str:
        if not pattern.fullmatch(value):
            raise InvalidValue(path, expected=expected)
        return value

    return check


def _between(minimum: int, maximum: int) -> Check:
    return lambda value, path: values.whole_number(value, path, minimum=minimum, maximum=maximum)


def _optional_between(minimum: int, maximum: int) -> Check:
    check = _between(minimum, maximum)
    return lambda value, path: None if value is None else check(value, path)


def _address(value: str | None, path: str) -> str | None:
    # Its lines; each of them prints.
    lines = None if value is None else [values.name(line, path) for line in value.splitlines()]
    joined = None if lines is None else "\n".join(lines)
    if joined is not None and not 1 <= len(joined) <= ADDRESS_CHARACTERS_MAX:
        raise InvalidValue(path, expected=f"1 to {ADDRESS_CHARACTERS_MAX} characters")
    return joined


def _approval_limit(value: Decimal | None, path: str) -> int | None:
    if value is not None and value < 0:
        raise InvalidValue(path, expected="an amount that is not below zero")
    return None if value is None else micro(values.money(value, path))


def _limit(value: Decimal, path: str) -> int:
    return micro(values.money(value, path))


def _optional_limit(value: Decimal | None, path: str) -> int | None:
    return None if value is None else _limit(value, path)


def _not_negative(value: Decimal, path: str) -> int:
    if value < 0:
        raise InvalidValue(path, expected="an amount that is not below zero")
    return _limit(value, path)


def _channels(value: list[MessageChannel], path: str) -> list[str]:
    # Each once, in the order in which they were given.
    return list(dict.fromkeys(MessageChannel(one).value for one in value))


def _notified_roles(value: list[Role], path: str) -> list[str]:
    roles = [Role(one) for one in value]
    if not set(roles) <= NOTIFIED_ROLES:
        raise InvalidValue(path, expected=", ".join(sorted(NOTIFIED_ROLES)))
    return list(dict.fromkeys(role.value for role in roles))


def _number_format(value: str, path: str) -> str:
    try:
        return check_format(value)
    except InvalidFormat as error:
        expected = "{series}, {year} and {number} once each, such as {series}{year}{number:09}"
        raise InvalidValue(path, expected=expected) from error


def _money(value: Decimal, path: str) -> int:
    if value <= 0:
        raise InvalidValue(path, expected="an amount above zero")
    return micro(values.money(value, path))


def _optional_money(value: Decimal | None, path: str) -> int | None:
    return None if value is None else _money(value, path)


def _presets(value: Sequence[Decimal], path: str) -> list[int]:
    amounts = sorted({_money(one, path) for one in value})
    if len(amounts) > PRESETS_MAX:
        raise InvalidValue(path, expected=f"at most {PRESETS_MAX} amounts")
    return amounts


def _percent(value: Decimal | None, path: str) -> Decimal | None:
    if value is not None and not (0 < value <= PERCENT_MAX and value % PERCENT_STEP == 0):
        raise InvalidValue(path, expected="above 0, up to 100, two decimals at most")
    return value


def _email(value: str | None, path: str) -> str | None:
    if value is None:
        return None
    is_one = EMAIL.fullmatch(value) is not None and value.isprintable()
    if not is_one or len(value) > EMAIL_CHARACTERS_MAX:
        raise InvalidValue(path, expected="an e-mail address")
    return value


CHECKS: Mapping[str, Check] = {
    "name": values.name,
    "currency": _matching(CURRENCY, "a currency by ISO 4217, such as TRY"),
    "time_zone": checks.time_zone,
    "locale": _matching(LOCALE, "a language, such as en or tr-TR"),
    "address": _address,
    "email": _email,
    "phone": values.optional_name,
    "tax_office": values.optional_name,
    "tax_number": values.optional_name,
    "adjustment_approval_limit": _approval_limit,
    "warning_limit": _limit,
    "cut_off_limit": _limit,
    "reconnect_limit": _limit,
    "warning_margin": _not_negative,
    "message_channels": _channels,
    "fault_notice_roles": _notified_roles,
    "emergency_credit": _not_negative,
    "emergency_near": _optional_limit,
    "invoice_number_format": _number_format,
    "invoice_series": _matching(SERIES, SERIES_EXPECTED),
    "purchase_series": _matching(SERIES, SERIES_EXPECTED),
    "credit_note_series": _matching(SERIES, SERIES_EXPECTED),
    "invoice_due_days": _between(0, 365),
    "invoice_after_days": _optional_between(0, 27),
    "einvoices_since": checks.as_given,
    "notice_after_days": _optional_between(0, 365),
    "notice_working_days": _between(0, 60),
    "top_up_minimum": _money,
    "top_up_maximum": _money,
    "top_up_presets": _presets,
    "debt_share_percent": _percent,
    "debt_share_cap": _optional_money,
    "debt_share_period": lambda value, _: SharePeriod(value),
    "max_meters_per_rf_module": _between(1, 1_000),
    "review_first": checks.as_given,
    "second_person_for_tariffs": checks.as_given,
    "clock_drift_max_s": _between(1, 86_400),
    "raw_frame_retention_days": _between(1, 90),
    "reading_retention_days": _between(READING_RETENTION_DAYS_MIN, 36_500),
    "profile_retention_days": _between(90, 36_500),
    "contact_read_retention_days": _between(30, 3_650),
    "message_retention_days": _between(30, 3_650),
    "transfer_text_retention_days": _between(30, 3_650),
    "synchronisation_retention_days": _between(30, 3_650),
}
# Columns that are not called as what is given for them.
COLUMNS = {
    "adjustment_approval_limit": "adjustment_approval_limit_micro",
    "warning_limit": "warning_limit_micro",
    "cut_off_limit": "cut_off_limit_micro",
    "reconnect_limit": "reconnect_limit_micro",
    "warning_margin": "warning_margin_micro",
    "emergency_credit": "emergency_credit_micro",
    "emergency_near": "emergency_near_micro",
    "top_up_minimum": "top_up_minimum_micro",
    "top_up_maximum": "top_up_maximum_micro",
    "top_up_presets": "top_up_presets_micro",
    "debt_share_cap": "debt_share_cap_micro",
}
# What decides when accounts are looked at.
MOVING = frozenset({"warning_limit", "cut_off_limit", "reconnect_limit", "warning_margin"})
# Charges, proposals and top-ups come before postings, and are in the company's currency as well.
ANY_MONEY = (
    "select true from journal where company_id = $1"
    " union all select true from accrual where company_id = $1"
    " union all select true from adjustment where company_id = $1"
    " union all select true from top_up where company_id = $1 limit 1"
)


async def check_zone(connection: Connection, columns: Mapping[str, object]) -> None:
    """Return if PostgreSQL knows the time zone among what a company is to be.

    Days are cut by it in statements over all companies, which one unknown zone would end.

    :raises InvalidValue: it does not; the transaction can only be rolled back
    """
    if "time_zone" not in columns:
        return
    try:
        await connection.execute("select now() at time zone $1", columns["time_zone"])
    except asyncpg.InvalidParameterValueError as error:
        raise InvalidValue("time_zone", expected=checks.ZONE_EXPECTED) from error


async def update(
    *, company_id: CompanyId, expected_version: int, changes: Mapping[str, object]
) -> CompanyId:
    """Change a company's own settings.

    changes: what is to change, by name. Money is in major units. Limits and the margin act within
        seconds on all accounts that have none of their own. `adjustment_approval_limit` None: no
        adjustment needs a second person. `debt_share_percent` None: all debt is due at once.

    :raises CurrencyFixed: money was charged or posted in another currency already
    :raises StaleVersion, NotThere, InvalidValue: nothing was written
    """
    checks_passed = checked(changes, CHECKS)
    columns = {COLUMNS.get(name, name): value for name, value in checks_passed.items()}
    assignments = "".join(f"{name} = ${n}, " for n, name in enumerate(columns, start=3))
    async with access.tenant(company_id) as connection:
        await _hold(connection, company_id, expected_version, columns.get("currency"))
        await check_zone(connection, columns)
        statement = (
            f"update company set {assignments}version = version + 1 where id = $1 and version = $2"
        )
        try:
            await connection.execute(statement, company_id, expected_version, *columns.values())
        except asyncpg.CheckViolationError as error:
            if error.constraint_name != "company_top_up_maximum":
                raise
            raise InvalidValue(
                "top_up_maximum", expected="an amount that is not below the minimum"
            ) from error
        if MOVING & changes.keys():
            await asking.note_moved(connection, company_id)
    return company_id


async def _hold(
    connection: Connection, company_id: CompanyId, expected_version: int, currency: str | None
) -> None:
    # Whoever posts refers to the company's row, and so waits for us, or we for it.
    row = await connection.fetchrow(
        "select version, currency from company where id = $1 for update", company_id
    )
    if row is None:
        raise NotThere
    if row["version"] != expected_version:
        raise StaleVersion(company_id)
    if currency in (None, row["currency"]):
        return
    if await connection.fetchval(ANY_MONEY, company_id):
        raise CurrencyFixed("currency")
