"""The clock and the environment: read here, at the entry, and passed in everywhere else."""

import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime

from cli import logs
from db.settings import FILE_SUFFIX, Settings


def now() -> datetime:
    return datetime.now(UTC)


def read_settings() -> Settings:
    """Return the settings, and send this process's logs where they say.

    :raises InvalidSettings: with every problem at once
    """
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log_level, settings.log_format)
    # It tells of every pool that is closed.
    logging.getLogger("tortoise").setLevel(logging.WARNING)
    return settings


def inherited_environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a child: ours, with `own` above whatever said the same."""
    files = {f"{name}{FILE_SUFFIX}" for name in own}
    inherited = {name: value for name, value in os.environ.items() if name not in files}
    return {**inherited, **own}
