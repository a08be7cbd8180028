"""Pages: by cursor, in both directions, whole whatever happens meanwhile, and counted on demand."""

import base64
from typing import Any

import pytest

from db import access
from db.ids import CompanyId
from domain.hierarchy import branches
from tests.api.web import User, Web, listen_to_queries
from tests.factories import Place, make_place

PAGE = """
    query ($first: Int, $after: String, $last: Int, $before: String) {
        branches(first: $first, after: $after, last: $last, before: $before) {
            nodes { name }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
    }
"""
NAMES = ["B", "D", "F", "H", "J"]


async def make_branches(names: list[str]) -> Place:
    """Make a company with these branches, and the factory's own, which is called North."""
    place = await make_place()
    for name in names:
        await branches.create(company_id=place.company_id, name=name)
    return place


async def page(web: Web, user: User, **arguments: Any) -> tuple[list[str], dict[str, Any]]:
    found = (await web.ask(PAGE, user, **arguments)).data["branches"]
    return [node["name"] for node in found["nodes"]], found["pageInfo"]


async def test_pages_forward_bring_everything_once(web: Web) -> None:
    place = await make_branches(NAMES)
    user = await web.user(place.company_id)

    first, where = await page(web, user, first=4)
    second, end = await page(web, user, first=4, after=where["endCursor"])

    assert (first, second) == (["B", "D", "F", "H"], ["J", "North"])
    assert (where["hasPreviousPage"], where["hasNextPage"]) == (False, True)
    assert (end["hasPreviousPage"], end["hasNextPage"]) == (True, False)


async def test_pages_backward_bring_everything_once_in_the_same_order(web: Web) -> None:
    place = await make_branches(NAMES)
    user = await web.user(place.company_id)

    last, where = await page(web, user, last=4)
    before, end = await page(web, user, last=4, before=where["startCursor"])

    assert (before, last) == (["B", "D"], ["F", "H", "J", "North"])
    assert (where["hasPreviousPage"], where["hasNextPage"]) == (True, False)
    assert (end["hasPreviousPage"], end["hasNextPage"]) == (False, True)


@pytest.mark.parametrize("direction", ["forward", "backward"])
async def test_what_is_added_meanwhile_moves_nothing(web: Web, direction: str) -> None:
    place = await make_branches(NAMES)
    user = await web.user(place.company_id)
    forward = direction == "forward"
    first, where = await page(web, user, **({"first": 3} if forward else {"last": 3}))

    for name in ("A", "C", "E", "G", "I", "K"):
        await branches.create(company_id=place.company_id, name=name)
    rest, _ = await page(
        web,
        user,
        **(
            {"first": 50, "after": where["endCursor"]}
            if forward
            else {"last": 50, "before": where["startCursor"]}
        ),
    )

    assert not set(first) & set(rest)
    assert set(NAMES) <= set(first) | set(rest)


async def test_a_page_goes_on_after_its_last_object_is_gone(web: Web) -> None:
    place = await make_branches(NAMES)
    user = await web.user(place.company_id)
    _, where = await page(web, user, first=2)
    async with access.system() as connection:
        await connection.execute("delete from branch where name = 'D'")

    rest, _ = await page(web, user, first=2, after=where["endCursor"])

    assert rest == ["F", "H"]


async def test_a_span_between_two_cursors_is_a_page_of_its_own(web: Web) -> None:
    place = await make_branches(NAMES)
    user = await web.user(place.company_id)
    _, first = await page(web, user, first=1)
    _, last = await page(web, user, last=1)

    between, where = await page(
        web, user, after=first["endCursor"], before=last["startCursor"], first=50
    )

    assert between == ["D", "F", "H", "J"]
    assert where["hasNextPage"] is False


async def test_an_empty_page_has_no_cursors(web: Web) -> None:
    place = await make_branches([])
    user = await web.user(place.company_id)
    _, where = await page(web, user, first=1)

    names, empty = await page(web, user, first=1, after=where["endCursor"])

    assert names == []
    assert (empty["startCursor"], empty["endCursor"], empty["hasNextPage"]) == (None, None, False)


async def test_children_are_paged_by_their_parent(web: Web) -> None:
    place = await make_place(meters=3)
    user = await web.user(place.company_id)
    text = """
        query ($after: String) {
            rfModules { nodes { meters(first: 2, after: $after) {
                totalCount edges { cursor node { serial } } pageInfo { hasNextPage }
            } } }
        }
    """

    first = (await web.ask(text, user)).data["rfModules"]["nodes"][0]["meters"]
    after = first["edges"][-1]["cursor"]
    rest = (await web.ask(text, user, after=after)).data["rfModules"]["nodes"][0]["meters"]

    serials = [edge["node"]["serial"] for edge in first["edges"] + rest["edges"]]
    assert serials == [supply.serial for supply in place.supplies]
    assert (first["totalCount"], rest["totalCount"]) == (3, 3)
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


def forged(content: str) -> str:
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        pytest.param({"first": 0}, "first", id="none"),
        pytest.param({"first": 101}, "first", id="too many"),
        pytest.param({"last": 101}, "last", id="too many of the end"),
        pytest.param({"first": -1}, "first", id="less than none"),
        pytest.param({"first": 1, "last": 1}, "last", id="both ends"),
        pytest.param({"after": "nonsense"}, "after", id="no cursor"),
        pytest.param({"before": ""}, "before", id="an empty cursor"),
        pytest.param({"after": forged('["meter", "x", 1]')}, "after", id="of another list"),
        pytest.param({"after": forged('["branch", "x"]')}, "after", id="half a cursor"),
        pytest.param({"after": forged('["branch", "\\u0000", 1]')}, "after", id="a zero in it"),
        pytest.param({"after": forged(f'["branch", "x", {2**63}]')}, "after", id="a large number"),
        pytest.param({"after": forged('["branch", 7, 1]')}, "after", id="a number for a name"),
    ],
)
async def test_an_argument_that_makes_no_page_is_named(
    web: Web, arguments: dict[str, Any], argument: str
) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    answer = await web.ask(PAGE, user, **arguments)

    assert answer.errors == [("BAD_USER_INPUT", ["branches"])]
    assert answer.body["errors"][0]["extensions"]["argument"] == argument


@pytest.mark.parametrize("size", [1, 100])
async def test_the_smallest_and_the_largest_page_are_taken(web: Web, size: int) -> None:
    place = await make_place()
    user = await web.user(place.company_id)

    names, _ = await page(web, user, first=size)

    assert names == ["North"]


async def counted(web: Web, company_id: CompanyId, selection: str) -> int:
    user = await web.user(company_id)
    queries: list[str] = []
    await listen_to_queries(company_id, queries)
    answer = await web.ask("{ meters { " + selection + " } }", user)
    assert answer.codes == []
    return sum("count(*)" in query for query in queries)


@pytest.mark.parametrize(
    ("selection", "counts"),
    [
        pytest.param("nodes { id } pageInfo { hasNextPage }", 0, id="not selected"),
        pytest.param("totalCount", 1, id="selected"),
        pytest.param("totalCount @skip(if: true) nodes { id }", 0, id="skipped"),
        pytest.param("a: totalCount b: totalCount", 2, id="selected twice"),
        pytest.param("nodes { mountings { totalCount } }", 1, id="of all children at once"),
    ],
)
async def test_a_list_is_counted_only_when_somebody_asks(
    web: Web, selection: str, counts: int
) -> None:
    place = await make_place(meters=3)

    assert await counted(web, place.company_id, selection) == counts
