"""How lists of keys are shown."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table

from domain.keys.queries import ListedKey
from domain.keys.text import shown_prefix


def facts_of(key: ListedKey) -> dict[str, object]:
    return {
        "prefix": shown_prefix(key.id),
        "name": key.name,
        "scopes": list(key.scopes),
        "partner": key.partner,
        "createdAt": key.created_at.isoformat(),
        "expiresAt": _iso(key.expires_at),
        "revokedAt": _iso(key.revoked_at),
        "lastUsedAt": _iso(key.last_used_at),
    }


def show_list(keys: Sequence[ListedKey]) -> None:
    table = Table("Prefix", "Name", "Partner", "Scopes", "Ends", "Revoked", "Last used")
    for key in keys:
        table.add_row(
            shown_prefix(key.id),
            key.name,
            key.partner or "",
            ", ".join(key.scopes),
            _short(key.expires_at),
            _short(key.revoked_at),
            _short(key.last_used_at),
        )
    Console().print(table)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _short(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
