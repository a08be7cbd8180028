"""What they see whose place is a branch or a field, table by table.

Everything hangs on a field in the end; `{fields}` are those that the caller sees.
"""

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

SEEN = "p.field_id in ({fields})"


def _of_account(table: str) -> str:
    return f"""exists (
        select from account a
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where a.company_id = {table}.company_id and a.id = {table}.account_id and {SEEN})"""


def _of_meter(table: str) -> str:
    return f"""exists (
        select from meter m
        join rf_module r on r.company_id = m.company_id and r.id = m.rf_module_id
        join collector c on c.company_id = r.company_id and c.id = r.collector_id
        where m.company_id = {table}.company_id and m.id = {table}.meter_id
            and c.field_id in ({{fields}}))"""


def _of_top_up(table: str) -> str:
    return f"""exists (
        select from top_up t
        join account a on a.company_id = t.company_id and a.id = t.account_id
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where t.company_id = {table}.company_id and t.id = {table}.top_up_id and {SEEN})"""


def _of_subscriber(table: str, key: str) -> str:
    return f"""exists (
        select from account a
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where a.company_id = {table}.company_id and a.subscriber_id = {table}.{key} and {SEEN})"""


SEEN_IN_FIELDS: Mapping[str, str] = {
    **OWN_WORK,
    "company": ALL,
    "branch": """exists (
        select from field f where f.company_id = branch.company_id and f.branch_id = branch.id
            and f.id in ({fields}))""",
    "field": "field.id in ({fields})",
    "collector": "collector.field_id in ({fields})",
    "rf_module": """exists (
        select from collector c where c.company_id = rf_module.company_id
            and c.id = rf_module.collector_id and c.field_id in ({fields}))""",
    "meter": """exists (
        select from rf_module r
        join collector c on c.company_id = r.company_id and c.id = r.collector_id
        where r.company_id = meter.company_id and r.id = meter.rf_module_id
            and c.field_id in ({fields}))""",
    "field_placement": "field_placement.field_id in ({fields})",
    "collector_placement": """exists (
        select from collector c where c.company_id = collector_placement.company_id
            and c.id = collector_placement.collector_id and c.field_id in ({fields}))""",
    "rf_module_placement": """exists (
        select from rf_module r
        join collector c on c.company_id = r.company_id and c.id = r.collector_id
        where r.company_id = rf_module_placement.company_id
            and r.id = rf_module_placement.rf_module_id and c.field_id in ({fields}))""",
    "meter_placement": _of_meter("meter_placement"),
    "synchronisation": """exists (
        select from collector c where c.company_id = synchronisation.company_id
            and c.id = coalesce(synchronisation.collector_id, (
                select r.collector_id from rf_module r
                where r.company_id = synchronisation.company_id
                    and r.id = synchronisation.rf_module_id))
            and c.field_id in ({fields}))""",
    "raw_frame": """exists (
        select from collector c where c.company_id = raw_frame.company_id
            and c.id = raw_frame.collector_id and c.field_id in ({fields}))""",
    **{table: _of_meter(table) for table in OF_METER},
    # These are asked for by meter, and the meter was found behind its own condition.
    "reading": ALL,
    "load_interval": ALL,
    "premises": "premises.field_id in ({fields})",
    "metering_point": """exists (
        select from premises p where p.company_id = metering_point.company_id
            and p.id = metering_point.premises_id and p.field_id in ({fields}))""",
    "mounting": """exists (
        select from metering_point mp
        join premises p on p.company_id = mp.company_id and p.id = mp.premises_id
        where mp.company_id = mounting.company_id and mp.id = mounting.point_id
            and p.field_id in ({fields}))""",
    "account": """exists (
        select from premises p where p.company_id = account.company_id
            and p.id = account.premises_id and p.field_id in ({fields}))""",
    # The company's own sides of the books, and messages to users, are of no place.
    **{table: _of_account(table) for table in (*OF_ACCOUNT, "adjustment", "message")},
    **{table: _of_top_up(table) for table in OF_TOP_UP},
    "journal": """exists (
        select from entry e
        join account a on a.company_id = e.company_id and a.id = e.account_id
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where e.company_id = journal.company_id and e.journal_id = journal.id
            and p.field_id in ({fields}))""",
    "overdue_notice": """exists (
        select from invoice i
        join account a on a.company_id = i.company_id and a.id = i.account_id
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where i.company_id = overdue_notice.company_id and i.id = overdue_notice.invoice_id
            and p.field_id in ({fields}))""",
    # A company's bank knows no places.
    "bank_transfer": NONE,
    # A daily entry may be of anything in the company.
    "daily_entry": NONE,
    # What may be run is the same for the whole company.
    "document": ALL,
    "api_key": "(api_key.branch_id = {branch}::int8 or api_key.field_id in ({fields}))",
    "subscriber": _of_subscriber("subscriber", "id"),
    **{table: _of_subscriber(table, "subscriber_id") for table in OF_SUBSCRIBER},
    # Users and invitations have a place; those for subscribers are for the whole company.
    "member": "(member.branch_id = {branch}::int8 or member.field_id in ({fields}))",
    "invited": "(invited.branch_id = {branch}::int8 or invited.field_id in ({fields}))",
    "role": ALL,
    # A tariff is the company's, and no secret to anybody in it.
    "tariff": ALL,
    "tariff_version": ALL,
    # Groups may have accounts of any place.
    "tariff_assignment": """case tariff_assignment.level
        when 'COMPANY' then true
        when 'BRANCH' then exists (
            select from field f where f.company_id = tariff_assignment.company_id
                and f.branch_id = tariff_assignment.branch_id and f.id in ({fields}))
        when 'ACCOUNT' then exists (
            select from account a
            join premises p on p.company_id = a.company_id and p.id = a.premises_id
            where a.company_id = tariff_assignment.company_id
                and a.id = tariff_assignment.account_id and p.field_id in ({fields}))
        else false end""",
    "money_sum": "money_sum.field_id in ({fields})",
    "charge_sum": "charge_sum.field_id in ({fields})",
    "standing_sum": "standing_sum.field_id in ({fields})",
}
