"""Bring a database to a version of the schema, as its owner."""

from tortoise import Tortoise
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.migrations.api.migrate import migrate as run

from db.models import MODELS

LATEST = "wattledger.__latest__"


async def migrate(owner_url: str, *, target: str = LATEST) -> None:
    """Apply migrations up, or down, to `target`.

    target: such as `wattledger.m0003_frames`; `wattledger.__first__` for none.

    Each migration is one transaction. Safe to repeat.
    """
    config = {
        "connections": {"owner": expand_db_url(owner_url)},
        "apps": {
            "wattledger": {
                "models": MODELS,
                "migrations": "db.migrations",
                "default_connection": "owner",
            }
        },
    }
    try:
        await run(config=config, target=target)
    finally:
        await Tortoise.close_connections()
