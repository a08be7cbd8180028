"""A list costs the same number of queries however long it is."""

from tests.api.web import Web, listen_to_queries
from tests.factories import make_place

EVERYTHING = """
    query ($range: TimeRangeInput!) {
        meters(first: 9) {
            totalCount
            nodes {
                serial
                registers { obis quantity { value } }
                freshness { isStale }
                rfModule { serial collector { serial field { name branch { name } } } }
                meteringPoint { code meter { serial } account { number } }
                premises { name metered: meteringPoints(first: 2) { nodes { code } totalCount } }
                account { number subscriber { reference } segment balance { amount } }
                readings(range: $range, resolution: HOUR) { buckets { importEnergy } }
            }
        }
    }
"""
RANGE = {"from": "2026-03-18T00:00:00+03:00", "to": "2026-03-18T12:00:00+03:00"}


async def queries_for(web: Web, meters: int) -> int:
    place = await make_place(meters=meters)
    user = await web.user(place.company_id)
    queries: list[str] = []
    await listen_to_queries(place.company_id, queries)

    answer = await web.ask(EVERYTHING, user, range=RANGE)

    assert len(answer.data["meters"]["nodes"]) == meters
    return len(queries)


async def test_a_list_costs_as_many_queries_as_a_single_row(web: Web) -> None:
    of_one = await queries_for(web, meters=1)
    of_nine = await queries_for(web, meters=9)

    # One for each list, count, and kind of object or value that the query reaches.
    assert (of_one, of_nine) == (19, 19)
