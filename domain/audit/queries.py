"""Reading the daily entries."""

from db.enums import ActorKind, EntryKind
from domain.facets import instant, object_of, text, word
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
    facets=(
        instant("daily_entry.recorded_at"),
        word("daily_entry.kind", EntryKind),
        text("daily_entry.object_type"),
        object_of("daily_entry.object_type", "daily_entry.object_id"),
        word("daily_entry.actor_kind", ActorKind),
        text("daily_entry.actor_name", nullable=True),
        object_of("'User'", "daily_entry.user_id"),
        object_of("'ApiKey'", "daily_entry.key_id", name="api_key_id"),
        text("daily_entry.role", nullable=True),
        text("daily_entry.address", nullable=True),
        text("daily_entry.request_id", nullable=True),
    ),
    order="recorded_at",
)
