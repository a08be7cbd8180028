"""The events of one subscription: each executed in a limited time, and paid for before it is told.

An event is read once for all who follow it, so that it costs its caller far less than asking would.
When the caller's budget cannot pay, the subscription waits until it can, for a while; meanwhile
events gather, within the limits of `live`.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from inspect import isawaitable
from typing import Any, cast

from graphql import ExecutionResult, GraphQLError, located_error
from graphql.execution import create_source_event_stream
from graphql.execution.collect_fields import collect_fields

from api.context import Context
from api.documents import InvalidDocument
from api.errors import RateLimited, TooComplex
from api.execution.executor import Execution
from api.outcomes import Outcome, outcome_of

# How long a budget may be short of what events cost.
PAYING_S_MAX = 10.0

Source = AsyncGenerator[Any, None]


class Events:
    """One subscription, whose executor has its document, variables and context.

    check: raises InvalidDocument when the document may not be run any more.
    """

    def __init__(
        self,
        executor: Execution,
        *,
        check: Callable[[], Awaitable[object]],
        execution_s_max: float,
        paying_s_max: float,
    ) -> None:
        self._executor = executor
        self._context = cast("Context", executor.context_value)
        self._check = check
        self._execution_s_max = execution_s_max
        self._paying_s_max = paying_s_max

    async def outcomes(self) -> AsyncGenerator[Outcome, None]:
        """Yield the outcome of each event; one that is refused is the last.

        What the source of events raises is raised here, unless it is a refusal.
        """
        source: Any = create_source_event_stream(self._executor)
        if isawaitable(source):
            source = await source
        if isinstance(source, ExecutionResult):
            # The field that makes the events refused.
            yield replace(outcome_of(source), is_refused=True)
            return
        async with aclosing(cast("Source", source)):
            try:
                async for outcome in self._told(source):
                    yield outcome
            except InvalidDocument as invalid:
                yield Outcome(None, invalid.errors, is_refused=True)
            except GraphQLError as refusal:
                yield Outcome(None, [self._located(refusal)], is_refused=True)

    async def _told(self, source: AsyncIterable[Any]) -> AsyncGenerator[Outcome, None]:
        async for payload in source:
            await self._check()
            outcome = await self._executed(payload)
            await self._pay(outcome.objects)
            yield outcome

    async def _executed(self, payload: object) -> Outcome:
        executor = cast("Execution", self._executor.build_per_event_executor(payload))
        try:
            async with asyncio.timeout(self._execution_s_max):
                result = executor.execute_operation(False)
                done = await result if isawaitable(result) else result
        except TimeoutError:
            refusal = TooComplex(f"The event took longer than {self._execution_s_max:g} s.")
            return Outcome(None, [refusal], objects=executor.tally.objects)
        return outcome_of(cast("ExecutionResult", done), objects=executor.tally.objects)

    async def _pay(self, objects: int) -> None:
        """Draw what an event costs, as soon as the caller's budget has it.

        :raises RateLimited: it will not have it soon enough
        """
        context, left_s = self._context, self._paying_s_max
        while True:
            try:
                await context.equipment.limits.draw_event(
                    objects, context.caller, address=context.address, now=context.clock()
                )
            except RateLimited as refusal:
                left_s -= refusal.retry_after_s
                if left_s < 0:
                    raise
                await asyncio.sleep(refusal.retry_after_s)
            else:
                return

    def _located(self, refusal: GraphQLError) -> GraphQLError:
        """Return a refusal as the subscription's field makes it, unless it is the budget's."""
        if isinstance(refusal, RateLimited):
            return refusal
        executor = self._executor
        root = executor.schema.subscription_type
        assert root is not None  # noqa: S101 - or there would be no events
        fields = collect_fields(
            executor.schema, executor.fragments, executor.variable_values, root, executor.operation
        )
        name, details = next(iter(fields.grouped_field_set.items()))
        return located_error(refusal, [detail.node for detail in details], [name])
