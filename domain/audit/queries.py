"""Reading the daily entries."""

from db import access
from db.enums import ActorKind, EntryKind
from db.ids import CompanyId
from domain import listing
from domain.facets import instant, object_of, text, word
from domain.filters import Condition
from domain.listing import Listing, Page, Wall, Window

# Users are of no company, and neither is what befalls them by themselves or from a command line.
PLATFORM = CompanyId(0)
OF_THE_PLATFORM = Wall(lambda _: "true", {"company": PLATFORM})

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


async def platform_page(window: Window) -> Page:
    """Return a page of the platform's own entries. Platform staff only."""
    async with access.reading(PLATFORM) as connection:
        return await listing.page(connection, DAILY_ENTRIES, window=window, wall=OF_THE_PLATFORM)


async def platform_count(where: Condition) -> int:
    """Return how many of the platform's own entries meet the condition. Platform staff only."""
    async with access.reading(PLATFORM) as connection:
        return await listing.count(connection, DAILY_ENTRIES, wall=OF_THE_PLATFORM, where=where)
