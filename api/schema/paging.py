"""Connections: pages of a list by keyset cursors, counted only when somebody asks."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Self, TypeVar

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from api.cursors import InvalidCursor, cursor_of, place_of
from api.errors import BadUserInput
from api.schema.node import node_type
from domain.listing import Listing, Page, Place, Window

PAGE_SIZE = 50
PAGE_SIZE_MAX = 100

Item = TypeVar("Item")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there are objects behind it.")
    has_previous_page: bool = strawberry.field(description="Whether there are objects before it.")
    start_cursor: str | None = strawberry.field(description="The first object's cursor.")
    end_cursor: str | None = strawberry.field(description="The last object's cursor.")


@strawberry.type(description="An object and its place in the list.")
class Edge(Generic[Item]):
    cursor: str = strawberry.field(description="For `after` and `before`.")
    node: Item = strawberry.field(description="The object.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[Item]):
    page: strawberry.Private[Page]
    listing: strawberry.Private[Listing]
    count: strawberry.Private[Callable[[], Awaitable[int]]]
    nodes: list[Item] = strawberry.field(description="The objects of the page.")

    @classmethod
    def of(cls, page: Page, listing: Listing, count: Callable[[], Awaitable[int]]) -> Self:
        made = node_type(listing).of
        nodes: Sequence[Any] = [made(row) for row in page.rows]
        return cls(page=page, listing=listing, count=count, nodes=list(nodes))

    @strawberry.field(description="The objects of the page with their cursors.")
    def edges(self) -> list[Edge[Item]]:
        return [
            Edge(cursor=self._cursor(position), node=node)
            for position, node in enumerate(self.nodes)
        ]

    @strawberry.field(description="Where the page stands in the list.")
    def page_info(self) -> PageInfo:
        filled = bool(self.page.rows)
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=self._cursor(0) if filled else None,
            end_cursor=self._cursor(-1) if filled else None,
        )

    @strawberry.field(description="How many objects the whole list has; counted when asked for.")
    async def total_count(self) -> int:
        return await self.count()

    def _cursor(self, position: int) -> str:
        row = self.page.rows[position]
        return cursor_of(self.listing.table, Place(row["key"], row["id"]))


class Paged(FieldExtension):
    """Gives a field of a list the arguments of a page, and its resolver their `window`."""

    ARGUMENTS = (
        ("first", int, f"How many, 1 to {PAGE_SIZE_MAX}, counted from the start or `after`."),
        ("after", str, "Only what comes behind this cursor."),
        ("last", int, f"How many, 1 to {PAGE_SIZE_MAX}, counted back from the end or `before`."),
        ("before", str, "Only what comes before this cursor."),
    )

    def __init__(self, listing: Listing) -> None:
        self._table = listing.table

    def apply(self, field: StrawberryField) -> None:
        # A field is applied once for each schema that it is part of.
        made = {"window", *(name for name, _, _ in self.ARGUMENTS)}
        own = [argument for argument in field.arguments if argument.python_name not in made]
        field.arguments = own + [
            StrawberryArgument(
                python_name=name,
                graphql_name=None,
                type_annotation=StrawberryAnnotation(kind | None),
                description=description,
            )
            for name, kind, description in self.ARGUMENTS
        ]

    def resolve(
        self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **arguments: Any
    ) -> Any:
        window = self._window(**{name: arguments.pop(name, None) for name, _, _ in self.ARGUMENTS})
        return next_(source, info, window=window, **arguments)

    resolve_async = resolve

    def _window(
        self, *, first: int | None, after: str | None, last: int | None, before: str | None
    ) -> Window:
        if first is not None and last is not None:
            raise BadUserInput("last", "expected either `first` or `last`")
        return Window(
            size=_size("first", first) if last is None else _size("last", last),
            backward=last is not None,
            after=self._place("after", after),
            before=self._place("before", before),
        )

    def _place(self, argument: str, cursor: str | None) -> Place | None:
        try:
            return None if cursor is None else place_of(self._table, cursor)
        except InvalidCursor as error:
            raise BadUserInput(argument, "expected a cursor of this list") from error


def _size(argument: str, asked: int | None) -> int:
    size = PAGE_SIZE if asked is None else asked
    if not 1 <= size <= PAGE_SIZE_MAX:
        raise BadUserInput(argument, f"expected 1 to {PAGE_SIZE_MAX}")
    return size
