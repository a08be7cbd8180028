"""The same fixture as for tests of the domain: pools open."""

from tests.db.conftest import connected

__all__ = ["connected"]
