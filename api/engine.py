"""Executing operations: the same way for HTTP and for sockets."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from inspect import isawaitable
from typing import Any, cast

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationType,
    execute,
    subscribe,
)

from api.context import Context
from api.documents import Documents, InvalidDocument, Operation
from api.errors import Code, Refusal, TooComplex, coded
from api.execution import Execution
from api.limits import EXECUTION_S_MAX

CURSOR_FIELD = "liveCursor"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client wants executed."""

    text: str
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. is_refused: nothing was executed, and the errors say why."""

    data: dict[str, Any] | None
    errors: list[GraphQLError]
    cost: int | None = None
    is_refused: bool = False

    @property
    def extensions(self) -> dict[str, Any]:
        return {} if self.cost is None else {"cost": {"requested": self.cost}}


class Engine:
    """Executes what clients send against one schema, within the limits."""

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        production: bool,
        execution_s_max: float = EXECUTION_S_MAX,
    ) -> None:
        self._schema = schema
        self._execution_s_max = execution_s_max
        self._production = production
        self._documents = Documents(schema, production=production)

    def find(self, request: Request) -> Operation | None:
        """Return the operation that the request means, if it means one."""
        try:
            return self._documents.get(request.text).operation(request.operation_name)
        except (InvalidDocument, Refusal):
            return None

    def prepare(self, request: Request) -> tuple[Operation, int]:
        """Return the operation to execute, and its cost.

        :raises InvalidDocument: it must not be executed
        """
        document = self._documents.get(request.text)
        try:
            operation = document.operation(request.operation_name)
            return operation, operation.cost(request.variables or {})
        except Refusal as refusal:
            raise InvalidDocument([refusal]) from None

    async def execute(self, request: Request, context: Context) -> Outcome:
        """Execute a query or a mutation; never raises for what the request says."""
        try:
            operation, cost = self.prepare(request)
        except InvalidDocument as invalid:
            return Outcome(None, invalid.errors, is_refused=True)
        if operation.type is OperationType.SUBSCRIPTION:
            refusal = Refusal(Code.BAD_REQUEST, "Subscriptions need a WebSocket.")
            return Outcome(None, [refusal], is_refused=True)
        return await self.run(operation, cost, request, context)

    async def run(
        self, operation: Operation, cost: int, request: Request, context: Context
    ) -> Outcome:
        """Execute a prepared query or mutation."""
        try:
            async with asyncio.timeout(self._execution_s_max):
                if CURSOR_FIELD in request.text and context.caller is not None:
                    # Fields run side by side: what one of them reads must not be newer.
                    await context.cursor()
                result = await self._executed(operation, request, context)
        except TimeoutError:
            refusal = TooComplex(f"The operation took longer than {self._execution_s_max:g} s.")
            return Outcome(None, [refusal], cost)
        return _outcome(result, cost)

    async def stream(self, request: Request, context: Context) -> AsyncGenerator[Outcome, None]:
        """Yield the outcome of a query or a mutation, or one for each event of a subscription.

        What the source of events raises is raised here, unless it is a refusal.
        """
        try:
            operation, cost = self.prepare(request)
        except InvalidDocument as invalid:
            yield Outcome(None, invalid.errors, is_refused=True)
            return
        if operation.type is not OperationType.SUBSCRIPTION:
            yield await self.run(operation, cost, request, context)
            return
        events = await self._events(operation, request, context)
        if isinstance(events, Outcome):
            yield events
            return
        async with aclosing(events):
            try:
                async for result in events:
                    yield _outcome(result, cost)
            except GraphQLError as error:
                yield Outcome(None, [error])

    async def _executed(
        self, operation: Operation, request: Request, context: Context
    ) -> ExecutionResult:
        result = execute(
            self._schema, operation.document.node, **self._options(operation, request, context)
        )
        return await result if isawaitable(result) else result

    async def _events(
        self, operation: Operation, request: Request, context: Context
    ) -> AsyncGenerator[ExecutionResult, None] | Outcome:
        events: Any = subscribe(
            self._schema, operation.document.node, **self._options(operation, request, context)
        )
        if isawaitable(events):
            events = await events
        if isinstance(events, ExecutionResult):
            # Either the variables are wrong, or the field that makes the events refused.
            return replace(_outcome(events, 0), cost=None, is_refused=True)
        return cast("AsyncGenerator[ExecutionResult, None]", events)

    def _options(self, operation: Operation, request: Request, context: Context) -> dict[str, Any]:
        return {
            "context_value": context,
            "variable_values": dict(request.variables or {}),
            "operation_name": operation.name,
            "hide_suggestions": self._production,
            "executor_class": Execution,
        }


def _outcome(result: ExecutionResult, cost: int) -> Outcome:
    errors = result.errors or []
    refused = result.data is None and all(error.path is None for error in errors)
    if refused:
        # Nothing has a path before execution: these are about the variables.
        errors = [coded(error, Code.BAD_USER_INPUT) for error in errors]
    return Outcome(result.data, errors, cost, is_refused=refused)
