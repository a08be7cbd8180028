"""What came of an operation, or of one event of a subscription."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import ExecutionResult, GraphQLError

from api.errors import Code, coded


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. is_refused: nothing was executed, and the errors say why.

    objects: how many the data has, itself not counted.
    """

    data: dict[str, Any] | None
    errors: list[GraphQLError]
    cost: Mapping[str, Any] | None = None
    is_refused: bool = False
    objects: int = 0

    @property
    def extensions(self) -> dict[str, Any]:
        return {} if self.cost is None else {"cost": self.cost}


def outcome_of(result: ExecutionResult, *, objects: int = 0) -> Outcome:
    """Return what came of an execution that ended."""
    errors = result.errors or []
    refused = result.data is None and all(error.path is None for error in errors)
    if refused:
        # Nothing has a path before execution: these are about the variables.
        errors = [coded(error, Code.BAD_USER_INPUT) for error in errors]
    return Outcome(result.data, errors, is_refused=refused, objects=objects)
