"""Objects with an id, and how a row becomes one."""

from collections.abc import Sequence
from itertools import repeat
from typing import Any, ClassVar, Self

import strawberry

from api.errors import BadUserInput
from api.global_ids import UndecodableId, decode, encode_all
from api.schema.money import Money
from db.enums import Scope
from domain.listing import Listing, Record
from domain.money import major

NODES: dict[str, type["Node"]] = {}
"""The types of objects by their name in ids."""


@strawberry.interface(description="An object with an id that `node` finds again.")
class Node:
    """Made from a row: fields without a resolver take the column of their name.

    listing: where the rows are. scope: what one needs to be shown any.
    """

    listing: ClassVar[Listing]
    scope: ClassVar[Scope]

    row: strawberry.Private[Record]
    id: strawberry.ID = strawberry.field(description="Opaque; unique among all objects.")

    def __init_subclass__(cls, *, listing: Listing, scope: Scope) -> None:
        cls.listing = listing
        cls.scope = scope
        NODES[cls.__name__] = cls

    @classmethod
    def of(cls, row: Record) -> Self:
        return cls.all_of([row])[0]

    @classmethod
    def all_of(cls, rows: Sequence[Record]) -> list[Self]:
        # Not by the constructor: of a page of rows, most columns are never asked for.
        nodes = list(map(cls.__new__, repeat(cls, len(rows))))
        for node, row in zip(nodes, rows, strict=True):
            node.row = row
        return nodes

    @classmethod
    def column(cls, nodes: Sequence["Node"], name: str) -> list[Any]:
        """Return the same field of many objects, as reading each one's attribute would."""
        if name == "id":
            return encode_all(cls.__name__, [node.row["id"] for node in nodes])
        return [node.row[name] for node in nodes]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.column([self], name)[0]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def row_id(self) -> int:
        return int(self.row["id"])

    def money(self, column: str) -> Money:
        """Return an amount that the row has in millionths, in the row's currency."""
        return Money.of(major(self.row[column]), self.row["currency"])


def node_type(listing: Listing) -> type[Node]:
    """Return the type of a listing's rows."""
    return next(node for node in NODES.values() if node.listing.table == listing.table)


def decoded(text: str, *, argument: str) -> tuple[type[Node], int]:
    """Return the type and the row's id of a global id.

    :raises BadUserInput: it is none
    """
    try:
        type_name, row_id = decode(text)
        return NODES[type_name], row_id
    except (UndecodableId, KeyError) as error:
        raise BadUserInput(argument, "expected an id that this API gave out") from error
