"""Connections: pages of a list by keyset cursors, counted only when somebody asks."""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, Self, TypeVar

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from api.conditions import ORDER_MAX, condition_of, order_of
from api.context import Info
from api.cursors import InvalidCursor, cursor_of, place_of
from api.errors import BadUserInput
from api.execution.looking import columns_of
from api.schema.filters import where_input
from api.schema.node import node_type
from api.schema.orders import order_input
from domain.filters import Condition
from domain.listing import Listing, Page, Window
from domain.orders import Order, Place

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
        nodes: list[Any] = node_type(listing).all_of(page.rows)
        return cls(page=page, listing=listing, count=count, nodes=nodes)

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
        return cursor_of(self.listing.table, self.page.order, self.page.place(position))


class Paged(FieldExtension):
    """Gives a field of a list the arguments of a page, and its resolver their `window`."""

    SIZES = (
        ("first", int, f"How many, 1 to {PAGE_SIZE_MAX}, counted from the start or `after`."),
        ("after", str, "Only what comes behind this cursor."),
        ("last", int, f"How many, 1 to {PAGE_SIZE_MAX}, counted back from the end or `before`."),
        ("before", str, "Only what comes before this cursor."),
    )
    WHERE = "where"
    ORDER_BY = "order_by"

    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    def apply(self, field: StrawberryField) -> None:
        # A field is applied once for each schema that it is part of.
        made = [*(_argument(*one) for one in self.SIZES), *self._made_for_the_list()]
        names = {"window", *(argument.python_name for argument in made)}
        own = [argument for argument in field.arguments if argument.python_name not in names]
        field.arguments = own + made

    def _made_for_the_list(self) -> list[StrawberryArgument]:
        name = node_type(self._listing).__name__
        order: Any = order_input(name)
        most = f"What decides the order, at most {ORDER_MAX}; each cursor is good for one order."
        return [
            _argument(self.WHERE, where_input(name), "Only what is like this."),
            _argument(self.ORDER_BY, list[order], most),
        ]

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **arguments: Any) -> Any:
        caller = info.context.signed_in
        where = condition_of(self._listing, arguments.pop(self.WHERE, None), caller)
        order = order_of(self._listing, arguments.pop(self.ORDER_BY, None), caller)
        sizes = {name: arguments.pop(name, None) for name, _, _ in self.SIZES}
        window = self._window(
            order or self._listing.own_order, where, columns=columns_of(info), **sizes
        )
        return next_(source, info, window=window, **arguments)

    resolve_async = resolve

    def _window(
        self,
        order: Order,
        where: Condition,
        *,
        columns: frozenset[str] | None,
        first: int | None,
        after: str | None,
        last: int | None,
        before: str | None,
    ) -> Window:
        if first is not None and last is not None:
            raise BadUserInput("last", "expected either `first` or `last`")
        return Window(
            size=_size("first", first) if last is None else _size("last", last),
            backward=last is not None,
            after=self._place("after", order, after),
            before=self._place("before", order, before),
            where=where,
            order=order,
            columns=columns,
        )

    def _place(self, argument: str, order: Order, cursor: str | None) -> Place | None:
        try:
            return None if cursor is None else place_of(self._listing.table, order, cursor)
        except InvalidCursor as error:
            raise BadUserInput(argument, "expected a cursor of this list in this order") from error


def _argument(name: str, kind: Any, description: str) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name,
        # Told, it need not be made of the other anew for each request.
        graphql_name=to_camel_case(name),
        type_annotation=StrawberryAnnotation(kind | None),
        description=description,
    )


def _size(argument: str, asked: int | None) -> int:
    size = PAGE_SIZE if asked is None else asked
    if not 1 <= size <= PAGE_SIZE_MAX:
        raise BadUserInput(argument, f"expected 1 to {PAGE_SIZE_MAX}")
    return size
