"""No write of the domain goes without a daily entry, but for those named here, with why."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import asyncpg
import pytest

from db.settings import Urls

ROOT = Path(__file__).parents[2]
WRITE = re.compile(
    r"\b(?:insert\s+into|update|delete\s+from)\s+([a-z_]+)(?:\s+(?:as\s+)?\w+)?\s*(?:\(|set\b|where\b|select\b|values\b|using\b)",
    re.IGNORECASE,
)
ROW_WRITERS = {"insert", "change", "overwrite"}
NAMELESS = re.compile(r"\b(?:insert\s+into|update|delete\s+from)\s+$", re.IGNORECASE)

# Modules whose statements take the table's name from elsewhere, and which tables those are.
NAMING_ELSEWHERE = {
    "domain/rows.py": set[str](),
    "domain/hierarchy/activity.py": {"field", "collector", "rf_module", "meter"},
    "domain/hierarchy/placements.py": {
        "field",
        "collector",
        "rf_module",
        "meter",
        "field_placement",
        "collector_placement",
        "rf_module_placement",
        "meter_placement",
    },
    "domain/hierarchy/synchronisations.py": {"collector", "rf_module"},
}

EXEMPT = {
    "collector_placement": "follows from the collector's own row, which moves with it",
    "field_placement": "follows from the field's own row, which moves with it",
    "meter_placement": "follows from the meter's own row, which moves with it",
    "rf_module_placement": "follows from the RF module's own row, which moves with it",
    "estimated_charge": "follows from what readings cost",
    "accrued_tax": "what readings cost, from which it can be recomputed",
    "accrual": "what readings cost, from which it can be recomputed",
    "account_balance": "a projection of the ledger and of accruals",
    "account_mode": "follows from the account's own row, which changes with it",
    "account_warning": "follows from a balance; the message is kept",
    "attention": "a reminder for a job",
    "billing_segment": "follows from mountings, accounts and readings",
    "billing_state": "follows from mountings, accounts and readings",
    "charge_sum": "follows from accruals",
    "contact_token": "follows from subscriber_contact, in keyed hashes",
    "daily_entry_seal": "the chain over the daily entries themselves",
    "einvoice": "how far a job has come; the invoice is kept for good",
    "entry": "the ledger keeps every entry for good",
    "held_interval": "what meters delivered",
    "held_reading": "what meters delivered",
    "job_error": "what a job, which is recorded, found wrong",
    "interval_conflict": "what meters delivered",
    "credit_allocation": "which credit pays which invoice; kept for good",
    "invoice": "kept for good, with who issued it; payments of it are recorded",
    "invoice_counter": "follows from the invoices, which are kept for good",
    "invoice_document": "made from an invoice, which is kept for good",
    "invoice_line": "kept for good",
    "invoice_line_tax": "kept for good",
    "invoice_tax": "kept for good",
    "invoicing_run": "how far a job has come",
    "journal": "the ledger keeps every transaction for good",
    "kept_index": "follows from readings",
    "ledger_account": "made with the first entry, and never changed",
    "limits_moved": "how far a job has come",
    "load_interval": "what meters delivered",
    "measured_day": "how far a job has come",
    "message": "tells of changes that are recorded themselves, and keeps its own history",
    "message_event": "the history of messages",
    "meter_latest": "what meters delivered",
    "money_sum": "follows from the ledger",
    "month_charge": "kept for good",
    "month_charge_line": "kept for good",
    "month_charge_tax": "kept for good",
    "month_due": "a reminder for a job",
    "month_run": "how far a job has come",
    "month_verdict": "follows from readings, faults that are recorded, and what is kept for good",
    "oidc_sign_in": "somebody is at a provider; what comes of it is recorded",
    "open_day": "a reminder for a job",
    "outbox": "tells of changes that are kept elsewhere",
    "outbox_rest": "tells of changes that are kept elsewhere",
    "payment_reconciliation": "how far a comparison is",
    "pending_frame": "a queue of what collectors delivered",
    "plain_contact": "what a migration left; sealing it is recorded where it goes",
    "profiles_forgotten": "how far a job has come",
    "purchase_correction": "which refund an invoice answers; both are kept",
    "purchase_due": "a queue of the ledger's transactions",
    "premises_stay": "follows from the premises' own row, which moves with it",
    "raw_frame": "what collectors delivered",
    "reading": "what meters delivered",
    "reading_conflict": "what meters delivered",
    "readings_forgotten": "how far a job has come",
    "recurring_job": "when a job is due next",
    "register_set": "the shape of what meters deliver",
    "review_frame": "a queue of what collectors delivered",
    "silence_notice": "follows from what is heard of devices; the message is kept",
    "system_report": "how far a job has come; the message is kept",
    "synchronisation": "what was found of devices",
    "sign_in_code": "good for a minute; the session is recorded",
    "standing_sum": "follows from accounts and their balances",
    "stored_file_part": "the bytes of a file, which is recorded",
    "top_up_fee": "kept for good, as the ledger keeps what it books",
    "unclaimed_frame": "what strangers delivered",
    "webhook_event": "what payment providers told; what comes of it is recorded",
    "unsummed_journal": "a queue of the ledger's transactions",
    "unsealed_entry": "a queue of daily entries",
}


def written_tables(source: str) -> Iterator[str]:
    """Yield the tables that a module writes to, by its SQL and by its calls of `rows`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (found.lower() for found in WRITE.findall(node.value))
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ROW_WRITERS
            and len(node.args) > 1
            and isinstance(node.args[1], ast.Constant)
        ):
            yield str(node.args[1].value)


def names_elsewhere(source: str) -> bool:
    """Return whether a module writes to a table that its own text does not name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            for part, after in pairwise(node.values):
                text = part.value if isinstance(part, ast.Constant) else ""
                if isinstance(after, ast.FormattedValue) and NAMELESS.search(str(text)):
                    return True
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and getattr(node.func.value, "id", None) == "rows"
            and node.func.attr in ROW_WRITERS
            and not (len(node.args) > 1 and isinstance(node.args[1], ast.Constant))
        ):
            return True
    return False


def all_written() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for file in sorted((ROOT / "domain").rglob("*.py")):
        for table in written_tables(file.read_text()):
            found.setdefault(table, []).append(str(file.relative_to(ROOT)))
    for name, tables_meant in NAMING_ELSEWHERE.items():
        for table in tables_meant:
            found.setdefault(table, []).append(name)
    return found


async def recorded_tables(database: Urls) -> set[str]:
    connection = await asyncpg.connect(database.owner)
    try:
        rows = await connection.fetch(
            "select tgrelid::regclass::text as name, count(*) as triggers from pg_trigger"
            " where tgname in ('record_added', 'record_updated', 'record_deleted') group by 1"
        )
    finally:
        await connection.close()
    return {row["name"] for row in rows if row["triggers"] == 3}


async def tables(database: Urls) -> set[str]:
    connection = await asyncpg.connect(database.owner)
    try:
        rows = await connection.fetch(
            "select relname from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind in ('r', 'p')"
        )
    finally:
        await connection.close()
    return {row["relname"] for row in rows}


async def test_no_write_goes_without_an_entry(database: Urls) -> None:
    recorded, known = await recorded_tables(database), await tables(database)

    silent = {
        table: files
        for table, files in all_written().items()
        if table in known and table not in recorded and table not in EXEMPT
    }

    assert silent == {}


def test_no_other_module_takes_a_tables_name_from_elsewhere() -> None:
    found = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "domain").rglob("*.py")
        if names_elsewhere(file.read_text())
    }

    assert found == set(NAMING_ELSEWHERE) - {"domain/hierarchy/synchronisations.py"}


async def test_every_exemption_is_needed(database: Urls) -> None:
    recorded = await recorded_tables(database)

    assert set(EXEMPT) & recorded == set()
    assert set(EXEMPT) - await tables(database) == set()


@pytest.mark.parametrize(
    ("source", "table"),
    [
        ('q = "insert into meter (id) values (1)"', "meter"),
        ('q = "update meter m set x = 1"', "meter"),
        ('q = "delete from meter where x"', "meter"),
        ('rows.insert(connection, "branch", name=name)', "branch"),
        ('await rows.change(connection, "branch", changes={})', "branch"),
    ],
)
def test_a_write_is_seen(source: str, table: str) -> None:
    assert list(written_tables(source)) == [table]


def test_the_domains_writes_are_found() -> None:
    assert {"branch", "mounting", "account", "session", "reading"} <= set(all_written())
