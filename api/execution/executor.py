"""Executing an operation: graphql-core's executor, which plans spare most of its work.

What a plan does not know, and every value that is not as usual, is left to graphql-core: it alone
decides what is an error, where that stands, and what it makes null.
"""

from collections.abc import Awaitable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    ExecutionResult,
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetails,
    FieldDetailsList,
    GroupedFieldSet,
)
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.pyutils import AwaitableOrValue, Path
from graphql.type import GraphQLResolveInfoHelpers

from api.context import Context
from api.errors import Refusal
from api.execution.columns import LISTS, Complete, Tally
from api.execution.looking import PlannedInfo
from api.execution.plans import Planned, Plans, Selection

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Split:
    """A selection for one caller: what is completed by plan, and what graphql-core executes."""

    planned: dict[str, Complete]
    rest: GroupedFieldSet


class Execution(ExecutorThrowingOnIncremental):
    """Executes by plans; gives each event of a subscription a context of its own."""

    def __init__(self, *arguments: Any, plans: Plans, tally: Tally, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.plans = plans
        self.tally = tally
        self.splits: dict[int, _Split] = {}

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        executor = cast("Execution", super().build_per_event_executor(payload))
        # Loaders cache, and a subscription lasts for hours; rights change meanwhile.
        context = cast("Context", self.context_value)
        executor.context_value = context.renewed(context.caller)
        executor.splits = {}
        executor.tally = Tally()
        return executor

    def build_response(self, data: Fields | None) -> ExecutionResult:
        response = super().build_response(data)
        # Its methods would tie the executor, and all that the request has, into a knot that only
        # the garbage collector undoes: rarely, and then for a long time.
        self.async_helpers = cast("GraphQLResolveInfoHelpers", None)
        return cast("ExecutionResult", response)

    def build_resolve_info(
        self,
        field_def: GraphQLField,
        field_nodes: list[FieldNode],
        parent_type: GraphQLObjectType,
        path: Path,
    ) -> GraphQLResolveInfo[Any]:
        info = super().build_resolve_info(field_def, field_nodes, parent_type, path)
        # Nothing is deferred, and fragments have no arguments.
        details = [FieldDetails(node, None) for node in field_nodes]
        columns = self.plans.columns(
            self.schema, field_def.type, details, super().collect_subfields
        )
        if columns is None:
            return info
        planned = PlannedInfo(*info)
        planned.columns = columns
        return planned

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Iterable[Any],
        position_context: None,
    ) -> AwaitableOrValue[list[Any]]:
        planned = self.plans.values(
            self.schema, item_type, field_details_list, super().collect_subfields
        )
        if planned is not None and type(items) in LISTS and self._may_see(planned):
            with suppress(Exception), self._counting() as tally:
                return list(planned.complete(cast("list[Any]", items), tally))
        return super().complete_iterable_value(
            item_type, field_details_list, info, path, items, position_context
        )

    def collect_subfields(
        self, return_type: GraphQLObjectType, field_details_list: FieldDetailsList
    ) -> CollectedFields:
        return self._selection(return_type, field_details_list).collected

    def collect_and_execute_subfields(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        path: Path,
        result: Any,
        position_context: None,
    ) -> AwaitableOrValue[Fields]:
        selection = self._selection(return_type, field_details_list)
        split = self._split(selection)
        self.tally.objects += 1
        done: Fields = {}
        with suppress(Exception), self._counting() as tally:
            done = {name: complete([result], tally)[0] for name, complete in split.planned.items()}
        if not done:
            return super().collect_and_execute_subfields(
                return_type, field_details_list, path, result, position_context
            )
        names = selection.collected.grouped_field_set
        rest = self.execute_fields(return_type, result, path, split.rest, position_context)
        if self.is_awaitable(rest):
            return _ordered_later(names, done, rest)
        return _ordered(names, done, cast("Fields", rest))

    @contextmanager
    def _counting(self) -> Iterator[Tally]:
        """Count what is completed, unless it has to be completed again."""
        counted = Tally()
        yield counted
        self.tally.objects += counted.objects

    def _selection(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Selection:
        return self.plans.selection(self.schema, kind, details, super().collect_subfields)

    def _split(self, selection: Selection) -> _Split:
        """Return what the caller gets by plan; a refused field is graphql-core's to refuse."""
        split = self.splits.get(id(selection))
        if split is None:
            planned = {
                name: planned.complete
                for name, planned in selection.planned.items()
                if self._may_see(planned)
            }
            rest = {
                name: details
                for name, details in selection.collected.grouped_field_set.items()
                if name not in planned
            }
            split = self.splits[id(selection)] = _Split(planned, rest)
        return split

    def _may_see(self, planned: Planned) -> bool:
        caller = cast("Context", self.context_value).caller
        try:
            for guard in planned.guards:
                guard.check(caller)
        except Refusal:
            return False
        return True


def _ordered(names: Iterable[str], done: Fields, rest: Fields) -> Fields:
    together = {**done, **rest}
    return {name: together[name] for name in names if name in together}


async def _ordered_later(names: Iterable[str], done: Fields, rest: Awaitable[Fields]) -> Fields:
    return _ordered(names, done, await rest)
