"""Executing operations: the same way for HTTP and for sockets."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from inspect import isawaitable
from typing import cast

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, OperationType
from graphql.pyutils import AwaitableOrValue

from api.context import Context
from api.documents import Document, Documents, InvalidDocument, Operation
from api.documents_registered import RegisteredDocuments
from api.errors import Code, Forbidden, RateLimited, Refusal, TooComplex
from api.events import PAYING_S_MAX, Events
from api.execution.columns import Tally
from api.execution.executor import Execution
from api.limits import EXECUTION_S_MAX, check_variables
from api.outcomes import Outcome, outcome_of
from api.requests import Request
from db.enums import Scope

CURSOR_FIELD = "liveCursor"
# Of a document that this process has not kept, whether it is refused or not.
JUDGING_COST = 10
REGISTERED_ONLY = "An API key runs registered documents only: name one by `documentId`."


class ChangesSomething(Exception):
    """The request means a mutation where only reading is allowed; nothing was executed."""


class Engine:
    """Executes what clients send against one schema, within the limits."""

    def __init__(
        self,
        schema: GraphQLSchema,
        *,
        production: bool,
        execution_s_max: float = EXECUTION_S_MAX,
        paying_s_max: float = PAYING_S_MAX,
    ) -> None:
        self._schema = schema
        self._execution_s_max = execution_s_max
        self._paying_s_max = paying_s_max
        self._production = production
        self._documents = Documents(schema)
        self._registered = RegisteredDocuments(self._documents)

    def prepare(self, request: Request) -> tuple[Operation, int]:
        """Return the operation of a text, as anybody may send it, and its cost.

        :raises InvalidDocument: it must not be executed
        """
        explained = not self._production
        document = self._documents.get(request.text, explained=explained)
        document.check_introspection(explained=explained)
        return _prepared(document, request)

    async def execute(
        self, request: Request, context: Context, *, reading_only: bool = False
    ) -> Outcome:
        """Execute a query or a mutation; never raises for what else the request says.

        :raises ChangesSomething: it means a mutation, and `reading_only`
        """
        try:
            operation, cost = _prepared(await self._document(request, context), request)
        except InvalidDocument as invalid:
            return Outcome(None, invalid.errors, is_refused=True)
        if reading_only and operation.type is OperationType.MUTATION:
            raise ChangesSomething
        if operation.type is OperationType.SUBSCRIPTION:
            refusal = Refusal(Code.BAD_REQUEST, "Subscriptions need a WebSocket.")
            return Outcome(None, [refusal], is_refused=True)
        return await self._charged(operation, cost, request, context)

    async def _charged(
        self, operation: Operation, cost: int, request: Request, context: Context
    ) -> Outcome:
        """Execute a query or a mutation if the caller's budget allows it."""
        try:
            allowance = await context.draw(cost)
        except RateLimited as refusal:
            return Outcome(None, [refusal], {"requested": cost}, is_refused=True)
        outcome = await self.run(operation, request, context)
        used = cost if outcome.data is None else outcome.objects
        settled = context.equipment.limits.settle(allowance, 0 if outcome.is_refused else used)
        return replace(outcome, cost=settled)

    async def run(self, operation: Operation, request: Request, context: Context) -> Outcome:
        """Execute a query or a mutation, whatever it costs."""
        try:
            async with asyncio.timeout(self._execution_s_max):
                if CURSOR_FIELD in operation.document.text and context.caller is not None:
                    # Fields run side by side: what one of them reads must not be newer.
                    await context.cursor()
                tally = Tally()
                result = await self._executed(operation, request, context, tally)
        except TimeoutError:
            refusal = TooComplex(f"The operation took longer than {self._execution_s_max:g} s.")
            return Outcome(None, [refusal])
        return outcome_of(result, objects=tally.objects)

    async def stream(self, request: Request, context: Context) -> AsyncGenerator[Outcome, None]:
        """Yield the outcome of a query or a mutation, or one for each event of a subscription.

        What the source of events raises is raised here, unless it is a refusal.
        """
        try:
            operation, cost = _prepared(await self._document(request, context), request)
        except InvalidDocument as invalid:
            yield Outcome(None, invalid.errors, is_refused=True)
            return
        if operation.type is not OperationType.SUBSCRIPTION:
            yield await self._charged(operation, cost, request, context)
            return
        try:
            await context.draw(cost)
        except RateLimited as refusal:
            yield Outcome(None, [refusal], is_refused=True)
            return
        events = self._events(operation, request, context)
        if isinstance(events, Outcome):
            yield events
            return
        async with aclosing(events.outcomes()) as outcomes:
            async for outcome in outcomes:
                yield outcome if outcome.is_refused else replace(outcome, cost={"requested": cost})

    async def _document(self, request: Request, context: Context) -> Document:
        """Return the document that a request means, if this caller may run it.

        :raises InvalidDocument: there is none
        """
        explained = self._is_explained_to(context)
        document = await self._found(request, context, explained=explained)
        document.check_introspection(explained=explained)
        return document

    async def _found(self, request: Request, context: Context, *, explained: bool) -> Document:
        is_key = context.caller is not None and context.caller.key is not None
        if is_key and request.document_hash is None:
            raise InvalidDocument([Forbidden(REGISTERED_ONLY)])
        if request.document_hash is None or (request.text and not is_key):
            return await self._judged(request.text, context, explained=explained)
        try:
            return await self._registered.get(
                request.document_hash, context.caller, now=context.clock()
            )
        except Refusal as refusal:
            await _pay_for_judging(context)
            raise InvalidDocument([refusal]) from None

    async def _judged(self, text: str, context: Context, *, explained: bool) -> Document:
        known = self._documents.known(text)
        if known is not None:
            return known
        # Before it is parsed: a text that is refused is as much work as one that is not.
        await _pay_for_judging(context)
        return self._documents.get(text, explained=explained)

    def _is_explained_to(self, context: Context) -> bool:
        """Return whether the caller may ask for the schema, and be told what was meant."""
        if not self._production:
            return True
        caller = context.caller
        return caller is not None and Scope.SCHEMA_INTROSPECT in caller.scopes

    async def _executed(
        self, operation: Operation, request: Request, context: Context, tally: Tally
    ) -> ExecutionResult:
        built = self._built(operation, request, context, tally)
        if not isinstance(built, Execution):
            # The variables are wrong.
            return ExecutionResult(None, built)
        result = cast("AwaitableOrValue[ExecutionResult]", built.execute_operation())
        return await result if isawaitable(result) else result

    def _events(self, operation: Operation, request: Request, context: Context) -> Events | Outcome:
        built = self._built(operation, request, context, Tally())
        if not isinstance(built, Execution):
            return outcome_of(ExecutionResult(None, built))

        async def check() -> None:
            if request.document_hash is not None:
                # Events come for hours: the document may have been retired meanwhile.
                await self._document(request, context)

        return Events(
            built,
            check=check,
            execution_s_max=self._execution_s_max,
            paying_s_max=self._paying_s_max,
        )

    def _built(
        self, operation: Operation, request: Request, context: Context, tally: Tally
    ) -> Execution | list[GraphQLError]:
        """Return what executes the operation, or what is wrong with its variables."""
        built = Execution.build(
            self._schema,
            operation.document.node,
            context_value=context,
            raw_variable_values=dict(request.variables or {}),
            operation_name=operation.name,
            hide_suggestions=not self._is_explained_to(context),
            plans=operation.plans,
            tally=tally,
        )
        return cast("Execution | list[GraphQLError]", built)


async def _pay_for_judging(context: Context) -> None:
    """Draw what it costs to say whether a document can be run.

    :raises InvalidDocument: the caller's budget has not as much left
    """
    try:
        await context.draw(JUDGING_COST)
    except RateLimited as refusal:
        raise InvalidDocument([refusal]) from None


def _prepared(document: Document, request: Request) -> tuple[Operation, int]:
    """Return the operation that is asked for, and its cost.

    :raises InvalidDocument: there is none, or it costs too much
    """
    try:
        operation = document.operation(request.operation_name)
        check_variables(request.variables or {})
        return operation, operation.cost(request.variables or {})
    except Refusal as refusal:
        raise InvalidDocument([refusal]) from None
