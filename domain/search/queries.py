"""Searching a company by a text: serials, names, codes, numbers."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from db.access import Connection
from db.enums import Scope
from db.ids import CompanyId
from domain.accounts.queries import ACCOUNTS, SUBSCRIBERS
from domain.hierarchy.queries import BRANCHES, COLLECTORS, FIELDS, METERS, RF_MODULES
from domain.listing import Listing, Wall, fetch
from domain.metering.queries import POINTS, PREMISES
from domain.search.subscribers import contact_ways
from domain.search.ways import Match, MatchedIn, SearchType, Way, by_letters
from domain.subscribers.keyring import Keyring

# What is found equally well comes in this order.
WAYS: tuple[Way, ...] = (
    by_letters(SearchType.METER, METERS, METERS.facet("serial"), MatchedIn.SERIAL),
    by_letters(SearchType.ACCOUNT, ACCOUNTS, ACCOUNTS.facet("number"), MatchedIn.NUMBER),
    by_letters(
        SearchType.SUBSCRIBER, SUBSCRIBERS, SUBSCRIBERS.facet("reference"), MatchedIn.REFERENCE
    ),
    by_letters(SearchType.METERING_POINT, POINTS, POINTS.facet("code"), MatchedIn.CODE),
    by_letters(SearchType.PREMISES, PREMISES, PREMISES.facet("name"), MatchedIn.NAME),
    by_letters(SearchType.RF_MODULE, RF_MODULES, RF_MODULES.facet("serial"), MatchedIn.SERIAL),
    by_letters(SearchType.COLLECTOR, COLLECTORS, COLLECTORS.facet("serial"), MatchedIn.SERIAL),
    by_letters(SearchType.FIELD, FIELDS, FIELDS.facet("name"), MatchedIn.NAME),
    by_letters(SearchType.BRANCH, BRANCHES, BRANCHES.facet("name"), MatchedIn.NAME),
)
# Of the rows that have the text in them, the shortest texts first.
CANDIDATES_MAX = 10_000
ALL = "true"
LISTINGS: dict[SearchType, Listing] = {way.type: way.rows for way in WAYS}
MATCHES = tuple(Match)


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found, and how."""

    type: SearchType
    id: int
    matched_in: MatchedIn
    match: Match


async def search(
    connection: Connection,
    *,
    text: str,
    types: Collection[SearchType],
    scopes: Collection[Scope],
    limit: int,
    wall: Wall,
    keyring: Keyring,
) -> list[Hit]:
    """Return up to `limit` rows of these types with the text in them, the best first.

    text: of fewer than three letters only words that begin with it are found. scopes: the caller's.
    """
    found = [
        await _found(connection, way, text=text, limit=limit, wall=wall)
        for way in _ways(keyring, CompanyId(int(str(wall.values["company"]))))
        if way.type in types and (way.scope is None or way.scope in scopes)
    ]
    best: dict[tuple[SearchType, int], Hit] = {}
    # Sorting keeps the order of the ways, and the order within each, among equals.
    for hit in sorted((hit for hits in found for hit in hits), key=_goodness):
        best.setdefault((hit.type, hit.id), hit)
    return list(best.values())[:limit]


def _ways(keyring: Keyring, company_id: CompanyId) -> Iterator[Way]:
    """Yield all ways; subscribers are found by who they are after what the company calls them."""
    for way in WAYS:
        yield way
        if way.matched_in is MatchedIn.REFERENCE:
            yield from contact_ways(keyring, company_id)


def _goodness(hit: Hit) -> int:
    return MATCHES.index(hit.match)


async def _found(
    connection: Connection, way: Way, *, text: str, limit: int, wall: Wall
) -> list[Hit]:
    values = way.values(text)
    if values is None:
        return []
    table = way.rows.table
    template = f"""
        select {table}.id,
            case when letters = {way.wanted} then 0 when letters ^@ {way.wanted} then 1 else 2 end
                as match
        from ({way.found}) found
        join {table} on {table}.company_id = {{company}} and {table}.id = found.id
        where {wall.condition(table)}
        order by match, letters, {table}.id
        limit {{limit}}
    """
    # Who is confined may see only what is far behind, so that all has to be looked at.
    at_most = CANDIDATES_MAX if wall.condition(table) == ALL else None
    bounds = {"limit": limit, "at_most": at_most}
    rows = await fetch(connection, template, {**wall.values, **values, **bounds})
    return [Hit(way.type, row["id"], way.matched_in, MATCHES[row["match"]]) for row in rows]
