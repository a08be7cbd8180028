"""Searching everything that the caller sees by a text."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Annotated

import strawberry

from api.context import Info
from api.errors import BadUserInput
from api.permissions.requires import require, signed_in
from api.schema.node import node_type
from api.schema.paging import PAGE_SIZE, PAGE_SIZE_MAX
from api.schema.search import SearchHit, SearchResults
from domain.listing import Record
from domain.search.queries import LISTINGS, Hit, search
from domain.search.ways import SearchType

TEXT_CHARACTERS_MIN = 2
TEXT_CHARACTERS_MAX = 100


@strawberry.type
class SearchQuery:
    @strawberry.field(
        description="Objects with a text in their serial, name, code, number or reference, and"
        " subscribers by beginnings of names, whole telephone number and whole e-mail for those who"
        " may see them. Case and accents do not matter, nor whether an I has its dot.",
        extensions=[signed_in()],
    )
    async def search(
        self,
        info: Info,
        text: Annotated[
            str,
            strawberry.argument(
                description=f"What to find, {TEXT_CHARACTERS_MIN} to {TEXT_CHARACTERS_MAX}"
                " characters; two find only words that begin with them."
            ),
        ],
        types: Annotated[
            list[SearchType] | None,
            strawberry.argument(description="Of which kind; by default all that you may see."),
        ] = None,
        first: Annotated[
            int | None,
            strawberry.argument(description=f"How many, 1 to {PAGE_SIZE_MAX}."),
        ] = None,
    ) -> SearchResults | None:
        caller, reach = info.context.signed_in, info.context.loaders.reach
        wanted = _wanted(info, types)
        size = PAGE_SIZE if first is None else first
        if not 1 <= size <= PAGE_SIZE_MAX:
            raise BadUserInput("first", f"expected 1 to {PAGE_SIZE_MAX}")
        searched = _searched(text)
        async with reach.connection() as connection:
            hits = await search(
                connection,
                text=searched,
                types=wanted,
                scopes=caller.scopes,
                limit=size,
                wall=reach.wall,
                keyring=info.context.equipment.keyring,
            )
        return SearchResults(hits=await _shown(info, hits))


def _wanted(info: Info, types: Sequence[SearchType] | None) -> Collection[SearchType]:
    caller = info.context.signed_in
    if types is None:
        return {type_ for type_, rows in LISTINGS.items() if node_type(rows).scope in caller.scopes}
    wanted = set(types)
    for type_ in wanted:
        require(node_type(LISTINGS[type_]).scope, caller)
    return wanted


def _searched(text: str) -> str:
    searched = text.strip()
    letters = sum(character.isalnum() for character in searched)
    if (
        not TEXT_CHARACTERS_MIN <= len(searched) <= TEXT_CHARACTERS_MAX
        or letters < TEXT_CHARACTERS_MIN
        or "\0" in searched
    ):
        raise BadUserInput(
            "text",
            f"expected {TEXT_CHARACTERS_MIN} to {TEXT_CHARACTERS_MAX} characters, at least"
            f" {TEXT_CHARACTERS_MIN} of them letters or digits",
        )
    return searched


async def _shown(info: Info, hits: Sequence[Hit]) -> list[SearchHit]:
    """Return the hits with their objects; one that went away meanwhile is left out."""
    ids: dict[SearchType, list[int]] = defaultdict(list)
    for hit in hits:
        ids[hit.type].append(hit.id)
    loaders = info.context.loaders
    loaded = await asyncio.gather(
        *(loaders.row(LISTINGS[type_]).load_many(of_type) for type_, of_type in ids.items())
    )
    rows: dict[tuple[SearchType, int], Record | None] = {
        (type_, row_id): row
        for (type_, of_type), found in zip(ids.items(), loaded, strict=True)
        for row_id, row in zip(of_type, found, strict=True)
    }
    return [
        SearchHit(
            node=node_type(LISTINGS[hit.type]).of(row),
            type=hit.type,
            matched_in=hit.matched_in,
            match=hit.match,
        )
        for hit in hits
        if (row := rows[hit.type, hit.id]) is not None
    ]
