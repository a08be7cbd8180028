"""What subscribers see, table by table: the own accounts, and what supplies them."""

from collections.abc import Mapping

from api.permissions.conditions import (
    ALL,
    NONE,
    OF_ACCOUNT,
    OF_METER,
    OF_SUBSCRIBER,
    OF_TOP_UP,
    OWN_WORK,
)

THEIRS = "subscriber_id = {subscriber}::int8"

# How the company is built, and what it does inside: who proposed an adjustment and was refused,
# what all accounts of a field come to, what other subscribers have transferred.
NOT_THEIRS = (
    "branch",
    "field",
    "collector",
    "rf_module",
    "field_placement",
    "collector_placement",
    "rf_module_placement",
    "meter_placement",
    "synchronisation",
    *OF_METER,
    "raw_frame",
    "member",
    "invited",
    "role",
    "api_key",
    "document",
    "daily_entry",
    "adjustment",
    "bank_transfer",
    "tariff_assignment",
    "money_sum",
    "charge_sum",
    "standing_sum",
)


def _of_account(table: str) -> str:
    return f"""exists (
        select from account a
        where a.company_id = {table}.company_id and a.id = {table}.account_id and a.{THEIRS})"""


def _of_top_up(table: str) -> str:
    return f"""exists (
        select from top_up t
        join account a on a.company_id = t.company_id and a.id = t.account_id
        where t.company_id = {table}.company_id and t.id = {table}.top_up_id and a.{THEIRS})"""


def _while_supplied(table: str, first: str, last: str) -> str:
    return f"""exists (
        select from mounting mo
        join account_point ap on ap.company_id = mo.company_id and ap.point_id = mo.point_id
        join account a on a.company_id = ap.company_id and a.id = ap.account_id
        where mo.company_id = {table}.company_id and mo.meter_id = {table}.meter_id and a.{THEIRS}
            and {table}.{first} >= greatest(mo.started_at, ap.started_at)
            and {table}.{last} <= coalesce(least(mo.ended_at, ap.ended_at), 'infinity'))"""


# A point's account changes with its tenant, and its meter with an exchange: what a subscriber sees
# of a meter ends where the tenancy does. A mounting that ended later tells what others used.
SEEN_BY_SUBSCRIBERS: Mapping[str, str] = {
    **dict.fromkeys(NOT_THEIRS, NONE),
    **OWN_WORK,
    **{table: _of_account(table) for table in OF_ACCOUNT},
    **{table: _of_top_up(table) for table in OF_TOP_UP},
    **{table: f"{table}.{THEIRS}" for table in (*OF_SUBSCRIBER, "message")},
    "company": ALL,
    "meter": """exists (
        select from mounting mo
        join account_point ap on ap.company_id = mo.company_id and ap.point_id = mo.point_id
        join account a on a.company_id = ap.company_id and a.id = ap.account_id
        where mo.company_id = meter.company_id and mo.meter_id = meter.id
            and a.subscriber_id = {subscriber}::int8
            and tstzrange(mo.started_at, mo.ended_at) @> {now}::timestamptz
            and tstzrange(ap.started_at, ap.ended_at) @> {now}::timestamptz)""",
    "reading": _while_supplied("reading", "ts", "ts"),
    "load_interval": _while_supplied("load_interval", "starts_at", "ends_at"),
    "premises": """exists (
        select from account a where a.company_id = premises.company_id
            and a.premises_id = premises.id and a.subscriber_id = {subscriber}::int8)""",
    "metering_point": """exists (
        select from account_point ap
        join account a on a.company_id = ap.company_id and a.id = ap.account_id
        where ap.company_id = metering_point.company_id and ap.point_id = metering_point.id
            and a.subscriber_id = {subscriber}::int8)""",
    "mounting": """exists (
        select from account_point ap
        join account a on a.company_id = ap.company_id and a.id = ap.account_id
        where ap.company_id = mounting.company_id and ap.point_id = mounting.point_id
            and a.subscriber_id = {subscriber}::int8
            and tstzrange(ap.started_at, ap.ended_at)
                && tstzrange(mounting.started_at, mounting.ended_at)
            and (mounting.ended_at is null or ap.ended_at is null
                or mounting.ended_at <= ap.ended_at))""",
    "account": "account.subscriber_id = {subscriber}::int8",
    "journal": """exists (
        select from entry e
        join account a on a.company_id = e.company_id and a.id = e.account_id
        where e.company_id = journal.company_id and e.journal_id = journal.id
            and a.subscriber_id = {subscriber}::int8)""",
    "overdue_notice": """exists (
        select from invoice i
        join account a on a.company_id = i.company_id and a.id = i.account_id
        where i.company_id = overdue_notice.company_id and i.id = overdue_notice.invoice_id
            and a.subscriber_id = {subscriber}::int8)""",
    "subscriber": "subscriber.id = {subscriber}::int8",
    "tariff": """exists (
        select from account a cross join lateral account_tariffs(a.company_id, a.id) t
        where a.company_id = tariff.company_id and a.subscriber_id = {subscriber}::int8
            and t.tariff_id = tariff.id)""",
    # What is only proposed is nobody's price yet.
    "tariff_version": """(tariff_version.state = 'ACTIVE' and exists (
        select from account a cross join lateral account_tariffs(a.company_id, a.id) t
        where a.company_id = tariff_version.company_id and a.subscriber_id = {subscriber}::int8
            and t.tariff_id = tariff_version.tariff_id))""",
}
