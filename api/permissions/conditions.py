"""What conditions on tables have in common, whoever asks."""

from collections.abc import Mapping

ALL = "true"
NONE = "false"

# Tables whose rows belong to what their column names.
OF_ACCOUNT = ("automatic_top_up", "entry", "invoice", "payment", "top_up")
OF_METER = ("held_interval", "held_reading", "interval_conflict", "reading_conflict")
OF_TOP_UP = ("top_up_dispute", "top_up_refund")
OF_SUBSCRIBER = ("protection_proof", "saved_card")

# Work and files are of no place: who is confined sees the own ones.
OWN_WORK: Mapping[str, str] = {
    "job": "(job.created_by = {user}::int8 or job.created_by_key = {key}::int8)",
    "job_error": """exists (
        select from job j where j.company_id = job_error.company_id and j.id = job_error.job_id
            and (j.created_by = {user}::int8 or j.created_by_key = {key}::int8))""",
    "stored_file": """(stored_file.created_by = {user}::int8
        or stored_file.created_by_key = {key}::int8)""",
}
