"""A list selects only what the rest of the operation looks at."""

from typing import Any

import orjson
import pytest
from graphql import GraphQLResolveInfo

from api.execution.executor import Execution
from api.execution.looking import PlannedInfo
from tests.api.executions import by_plans
from tests.api.test_execution_on_data import CALLER, SCHEMA, context_of
from tests.api.web import Web
from tests.factories import make_place


class Watched(Execution):
    """Tells what its resolvers were told."""

    told: list[frozenset[str] | None]

    def build_resolve_info(self, *arguments: Any) -> GraphQLResolveInfo[Any]:
        info = super().build_resolve_info(*arguments)
        self.told.append(info.columns if isinstance(info, PlannedInfo) else None)
        return info


@pytest.mark.parametrize(
    ("selected", "columns"),
    [
        pytest.param(
            "nodes { again: serial powerMaxWatts }", {"serial", "power_w_max"}, id="nodes"
        ),
        pytest.param("edges { cursor node { make } }", {"make"}, id="edges"),
        pytest.param("nodes { make } edges { node { id } }", {"make", "id"}, id="both"),
        pytest.param("pageInfo { endCursor } totalCount", set(), id="where it stands"),
        pytest.param(
            "...page } } fragment page on MeterConnection { nodes { active",
            {"active"},
            id="fragment",
        ),
        pytest.param("nodes { serial rfModule { id } }", None, id="a resolver may need any"),
    ],
)
async def test_a_list_is_told_which_columns_are_looked_at(
    web: Web, selected: str, columns: set[str] | None
) -> None:
    class Told(Watched):
        told = []

    await make_place(meters=2)

    data, errors = await by_plans(
        SCHEMA, f"{{ meters {{ {selected} }} }}", context_of(CALLER), executor=Told
    )

    assert errors == []
    assert orjson.loads(data)["meters"]
    assert Told.told[0] == columns
