"""Executing one operation twice: by plans, and by graphql-core alone."""

from collections.abc import Mapping
from inspect import isawaitable
from typing import Any

import orjson
from graphql import DocumentNode, ExecutionResult, GraphQLSchema, execute, parse

from api.execution.columns import Tally
from api.execution.executor import Execution
from api.execution.plans import Plans

Said = tuple[bytes, list[Any]]


async def by_plans(
    schema: GraphQLSchema,
    document: DocumentNode | str,
    context: object,
    variables: Mapping[str, Any] | None = None,
    *,
    plans: Plans | None = None,
    executor: type[Execution] = Execution,
    tally: Tally | None = None,
) -> Said:
    """Return the data, byte for byte, and the errors."""
    return await _said(
        execute(
            schema,
            parse(document) if isinstance(document, str) else document,
            context_value=context,
            variable_values=dict(variables or {}),
            executor_class=executor,
            plans=plans or Plans(),
            tally=tally or Tally(),
        )
    )


async def by_graphql_core(
    schema: GraphQLSchema,
    document: str,
    context: object,
    variables: Mapping[str, Any] | None = None,
) -> Said:
    """Return what is right by definition."""
    return await _said(
        execute(
            schema, parse(document), context_value=context, variable_values=dict(variables or {})
        )
    )


async def _said(executing: Any) -> Said:
    result: ExecutionResult = await executing if isawaitable(executing) else executing
    # Errors of fields that run side by side come in the order in which these end.
    errors = sorted((error.formatted for error in result.errors or []), key=str)
    return orjson.dumps(result.data), [orjson.loads(orjson.dumps(error)) for error in errors]
