"""Why a rule said no. Each exception states the fact; when one is raised, nothing was written."""

import re

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Refused(Exception):
    """A rule said no.

    path: which part of the input is at fault, as operations name their parameters.
    facts: what the message for people speaks of.
    """

    def __init__(self, *path: str, **facts: object) -> None:
        super().__init__(*path, *facts.items())
        self.path = path
        self.facts = facts

    @classmethod
    def code(cls) -> str:
        """Return the name for programs, which stays the same: ALREADY_EXISTS."""
        return _WORD.sub("_", cls.__name__).upper()


class NotThere(Refused):
    """The company has no such object, or not any more."""


class AlreadyExists(Refused):
    """The company has one with this name, serial or number."""


class InvalidValue(Refused):
    """A value is not what it should be; `expected` says what that is."""

    def __init__(self, *path: str, expected: str) -> None:
        super().__init__(*path, expected=expected)


class StaleVersion(Refused):
    """Somebody changed the object since the version that the caller saw."""

    def __init__(self, row_id: int) -> None:
        super().__init__("expected_version")
        self.row_id = row_id


class InUse(Refused):
    """Something that is active depends on it."""


class ParentInactive(Refused):
    """What it would belong to is not in use."""


class InTheFuture(Refused):
    """It has not happened yet; clocks may differ by the fact `minutes`."""
