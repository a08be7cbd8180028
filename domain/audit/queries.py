"""Reading the daily entries."""

from domain.listing import Listing

DAILY_ENTRIES = Listing(
    table="daily_entry",
    columns=(
        "id",
        "recorded_at",
        "kind",
        "object_type",
        "object_id",
        "actor_kind",
        "user_id",
        "key_id",
        "actor_name",
        "role",
        "address",
        "request_id",
        "database_role",
        "before",
        "after",
    ),
    key="to_char(daily_entry.id, '0000000000000000000')",
)
