"""How one event of a subscription is executed: in a context of its own."""

from typing import Any, cast

from graphql.execution import Executor
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental

from api.context import Context


class Execution(ExecutorThrowingOnIncremental):
    """Gives each event a fresh context: loaders cache, and a subscription lasts for hours."""

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        executor = super().build_per_event_executor(payload)
        context = cast("Context", self.context_value)
        executor.context_value = context.renewed(context.caller)
        return executor
