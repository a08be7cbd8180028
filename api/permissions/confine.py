"""The first wall: which rows of each table a caller may see. The second is row-level security.

A table that is not named here has no condition, and asking for it fails.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from api.caller import Caller
from domain.listing import Wall

ALL = "true"
NONE = "false"

TABLES = (
    "company",
    "branch",
    "field",
    "collector",
    "rf_module",
    "meter",
    "field_placement",
    "collector_placement",
    "rf_module_placement",
    "meter_placement",
    "synchronisation",
    "raw_frame",
    "reading",
    "premises",
    "metering_point",
    "mounting",
    "account",
    "entry",
    "journal",
    "adjustment",
    "invoice",
    "payment",
    "overdue_notice",
    "bank_transfer",
    "top_up",
    "top_up_refund",
    "top_up_dispute",
    "automatic_top_up",
    "saved_card",
    "subscriber",
    "protection_proof",
    "tariff",
    "tariff_version",
    "tariff_assignment",
    "message",
    "daily_entry",
    "document",
    "api_key",
    "job",
    "job_error",
    "stored_file",
    "member",
    "invited",
    "role",
    "money_sum",
    "charge_sum",
    "standing_sum",
)
WHOLE_COMPANY: Mapping[str, str] = dict.fromkeys(TABLES, ALL)

# Work and files are of no place: who is confined sees the own ones.
OWN_WORK: Mapping[str, str] = {
    "job": "(job.created_by = {user}::int8 or job.created_by_key = {key}::int8)",
    "job_error": """exists (
        select from job j where j.company_id = job_error.company_id and j.id = job_error.job_id
            and (j.created_by = {user}::int8 or j.created_by_key = {key}::int8))""",
    "stored_file": """(stored_file.created_by = {user}::int8
        or stored_file.created_by_key = {key}::int8)""",
}

# Everything hangs on a field in the end; `{fields}` are those that the caller sees.
OF_FIELDS: Mapping[str, str] = {
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
    "meter_placement": """exists (
        select from meter m
        join rf_module r on r.company_id = m.company_id and r.id = m.rf_module_id
        join collector c on c.company_id = r.company_id and c.id = r.collector_id
        where m.company_id = meter_placement.company_id and m.id = meter_placement.meter_id
            and c.field_id in ({fields}))""",
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
    # Readings are asked for by meter, and the meter was found behind its own condition.
    "reading": ALL,
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
    # The company's own sides of the books are of no place.
    "entry": """exists (
        select from account a
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where a.company_id = entry.company_id and a.id = entry.account_id
            and p.field_id in ({fields}))""",
    "journal": """exists (
        select from entry e
        join account a on a.company_id = e.company_id and a.id = e.account_id
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where e.company_id = journal.company_id and e.journal_id = journal.id
            and p.field_id in ({fields}))""",
    "adjustment": """exists (
        select from account a
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where a.company_id = adjustment.company_id and a.id = adjustment.account_id
            and p.field_id in ({fields}))""",
    # Those to users are of no place.
    "message": """exists (
        select from account a
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where a.company_id = message.company_id and a.id = message.account_id
            and p.field_id in ({fields}))""",
    "invoice": """exists (
        select from account a
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where a.company_id = invoice.company_id and a.id = invoice.account_id
            and p.field_id in ({fields}))""",
    "payment": """exists (
        select from account a
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where a.company_id = payment.company_id and a.id = payment.account_id
            and p.field_id in ({fields}))""",
    "overdue_notice": """exists (
        select from invoice i
        join account a on a.company_id = i.company_id and a.id = i.account_id
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where i.company_id = overdue_notice.company_id and i.id = overdue_notice.invoice_id
            and p.field_id in ({fields}))""",
    # A company's bank knows no places.
    "bank_transfer": NONE,
    "top_up": """exists (
        select from account a
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where a.company_id = top_up.company_id and a.id = top_up.account_id
            and p.field_id in ({fields}))""",
    "top_up_refund": """exists (
        select from top_up t
        join account a on a.company_id = t.company_id and a.id = t.account_id
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where t.company_id = top_up_refund.company_id and t.id = top_up_refund.top_up_id
            and p.field_id in ({fields}))""",
    "top_up_dispute": """exists (
        select from top_up t
        join account a on a.company_id = t.company_id and a.id = t.account_id
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where t.company_id = top_up_dispute.company_id and t.id = top_up_dispute.top_up_id
            and p.field_id in ({fields}))""",
    "automatic_top_up": """exists (
        select from account a
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where a.company_id = automatic_top_up.company_id and a.id = automatic_top_up.account_id
            and p.field_id in ({fields}))""",
    "saved_card": """exists (
        select from account a
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where a.company_id = saved_card.company_id
            and a.subscriber_id = saved_card.subscriber_id and p.field_id in ({fields}))""",
    # A daily entry may be of anything in the company.
    "daily_entry": NONE,
    # What may be run is the same for the whole company.
    "document": ALL,
    "api_key": "(api_key.branch_id = {branch}::int8 or api_key.field_id in ({fields}))",
    "subscriber": """exists (
        select from account a
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where a.company_id = subscriber.company_id and a.subscriber_id = subscriber.id
            and p.field_id in ({fields}))""",
    # Users and invitations have a place; those for subscribers are for the whole company.
    "member": "(member.branch_id = {branch}::int8 or member.field_id in ({fields}))",
    "invited": "(invited.branch_id = {branch}::int8 or invited.field_id in ({fields}))",
    "role": ALL,
    "protection_proof": """exists (
        select from account a
        join premises p on p.company_id = a.company_id and p.id = a.premises_id
        where a.company_id = protection_proof.company_id
            and a.subscriber_id = protection_proof.subscriber_id and p.field_id in ({fields}))""",
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
FIELDS_OF_BRANCH = (
    "select f.id from field f where f.company_id = {company} and f.branch_id = {branch}::int8"
)
ONE_FIELD = "select {field}::int8"

# A point's account changes with its tenant, and its meter with an exchange: what a subscriber sees
# of a meter ends where the tenancy does. A mounting that ended later tells what others used.
OF_SUBSCRIBER: Mapping[str, str] = {
    **OWN_WORK,
    "member": NONE,
    "invited": NONE,
    "role": NONE,
    "company": ALL,
    "branch": NONE,
    "field": NONE,
    "collector": NONE,
    "rf_module": NONE,
    "field_placement": NONE,
    "collector_placement": NONE,
    "rf_module_placement": NONE,
    "meter_placement": NONE,
    "synchronisation": NONE,
    "raw_frame": NONE,
    "meter": """exists (
        select from mounting mo
        join account_point ap on ap.company_id = mo.company_id and ap.point_id = mo.point_id
        join account a on a.company_id = ap.company_id and a.id = ap.account_id
        where mo.company_id = meter.company_id and mo.meter_id = meter.id
            and a.subscriber_id = {subscriber}::int8
            and tstzrange(mo.started_at, mo.ended_at) @> {now}::timestamptz
            and tstzrange(ap.started_at, ap.ended_at) @> {now}::timestamptz)""",
    "reading": """exists (
        select from mounting mo
        join account_point ap on ap.company_id = mo.company_id and ap.point_id = mo.point_id
        join account a on a.company_id = ap.company_id and a.id = ap.account_id
        where mo.company_id = reading.company_id and mo.meter_id = reading.meter_id
            and a.subscriber_id = {subscriber}::int8
            and reading.ts >= greatest(mo.started_at, ap.started_at)
            and reading.ts <= coalesce(least(mo.ended_at, ap.ended_at), 'infinity'))""",
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
    "entry": """exists (
        select from account a where a.company_id = entry.company_id and a.id = entry.account_id
            and a.subscriber_id = {subscriber}::int8)""",
    "journal": """exists (
        select from entry e
        join account a on a.company_id = e.company_id and a.id = e.account_id
        where e.company_id = journal.company_id and e.journal_id = journal.id
            and a.subscriber_id = {subscriber}::int8)""",
    "invoice": """exists (
        select from account a where a.company_id = invoice.company_id
            and a.id = invoice.account_id and a.subscriber_id = {subscriber}::int8)""",
    "payment": """exists (
        select from account a where a.company_id = payment.company_id
            and a.id = payment.account_id and a.subscriber_id = {subscriber}::int8)""",
    "overdue_notice": """exists (
        select from invoice i
        join account a on a.company_id = i.company_id and a.id = i.account_id
        where i.company_id = overdue_notice.company_id and i.id = overdue_notice.invoice_id
            and a.subscriber_id = {subscriber}::int8)""",
    "bank_transfer": NONE,
    # Who proposed what, and was refused, is the company's affair.
    "adjustment": NONE,
    "message": "message.subscriber_id = {subscriber}::int8",
    "top_up": """exists (
        select from account a where a.company_id = top_up.company_id and a.id = top_up.account_id
            and a.subscriber_id = {subscriber}::int8)""",
    "top_up_refund": """exists (
        select from top_up t
        join account a on a.company_id = t.company_id and a.id = t.account_id
        where t.company_id = top_up_refund.company_id and t.id = top_up_refund.top_up_id
            and a.subscriber_id = {subscriber}::int8)""",
    "top_up_dispute": """exists (
        select from top_up t
        join account a on a.company_id = t.company_id and a.id = t.account_id
        where t.company_id = top_up_dispute.company_id and t.id = top_up_dispute.top_up_id
            and a.subscriber_id = {subscriber}::int8)""",
    "automatic_top_up": """exists (
        select from account a where a.company_id = automatic_top_up.company_id
            and a.id = automatic_top_up.account_id and a.subscriber_id = {subscriber}::int8)""",
    "saved_card": "saved_card.subscriber_id = {subscriber}::int8",
    "daily_entry": NONE,
    "document": NONE,
    "api_key": NONE,
    # What all accounts of a field come to is not one subscriber's to know.
    "money_sum": NONE,
    "charge_sum": NONE,
    "standing_sum": NONE,
    "subscriber": "subscriber.id = {subscriber}::int8",
    "protection_proof": "protection_proof.subscriber_id = {subscriber}::int8",
    "tariff": """exists (
        select from account a cross join lateral account_tariffs(a.company_id, a.id) t
        where a.company_id = tariff.company_id and a.subscriber_id = {subscriber}::int8
            and t.tariff_id = tariff.id)""",
    # What is only proposed is nobody's price yet.
    "tariff_version": """(tariff_version.state = 'ACTIVE' and exists (
        select from account a cross join lateral account_tariffs(a.company_id, a.id) t
        where a.company_id = tariff_version.company_id and a.subscriber_id = {subscriber}::int8
            and t.tariff_id = tariff_version.tariff_id))""",
    "tariff_assignment": NONE,
}


class Confine(Protocol):
    """Makes a caller's wall. A test may switch it off, to see the second wall alone."""

    def __call__(self, caller: Caller, *, now: datetime) -> Wall: ...


def confine(caller: Caller, *, now: datetime) -> Wall:
    """Return the caller's wall: the company, and the branch, field or subscriber within it."""
    values = {
        "company": caller.company_id,
        "branch": caller.branch_id,
        "field": caller.field_id,
        "subscriber": caller.subscriber_id,
        "user": caller.user_id,
        "key": None if caller.key is None else caller.key.id,
        "now": now,
    }
    return Wall(_conditions(caller).__getitem__, values)


def _conditions(caller: Caller) -> Mapping[str, str]:
    if caller.subscriber_id is not None:
        return OF_SUBSCRIBER
    if caller.field_id is not None:
        return {table: text.replace("{fields}", ONE_FIELD) for table, text in OF_FIELDS.items()}
    if caller.branch_id is not None:
        return _OF_BRANCH
    return WHOLE_COMPANY


_OF_BRANCH = {
    table: text.replace("{fields}", FIELDS_OF_BRANCH) for table, text in OF_FIELDS.items()
}
