"""What a resolver may know of what becomes of its result: which columns of rows are looked at."""

from typing import Any

import strawberry
from graphql import GraphQLResolveInfo


class PlannedInfo(GraphQLResolveInfo[Any]):
    """What graphql-core tells a resolver, and `columns`: names of those that the plan reads."""

    columns: frozenset[str] | None = None


def columns_of(info: strawberry.Info[Any, Any]) -> frozenset[str] | None:
    """Return the columns of a list's rows that will be read; None when that may be any."""
    # Strawberry has no other way to it.
    return getattr(info._raw_info, "columns", None)  # noqa: SLF001
