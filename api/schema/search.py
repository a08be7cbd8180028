"""What a search finds."""

import strawberry

from api.schema.node import Node
from domain.search.ways import Match, MatchedIn, SearchType


@strawberry.type(description="An object that was found, and how.")
class SearchHit:
    node: Node = strawberry.field(description="The object.")
    type: SearchType = strawberry.field(description="What it is.")
    matched_in: MatchedIn = strawberry.field(description="Where the text was found.")
    match: Match = strawberry.field(description="How much of it the text is.")


@strawberry.type(description="What was found.")
class SearchResults:
    hits: list[SearchHit] = strawberry.field(
        description="The objects: exact matches first, then by how they begin, then the rest."
    )
