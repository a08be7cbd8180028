"""Objects with an id, and how a row becomes one."""

from dataclasses import fields
from typing import ClassVar, Self

import strawberry

from api.errors import BadUserInput
from api.global_ids import UndecodableId, decode, encode
from db.enums import Scope
from domain.listing import Listing, Record

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
        columns = {
            field.name: row[field.name]
            for field in fields(cls)
            if field.init and field.name not in {"id", "row"}
        }
        return cls(row=row, id=strawberry.ID(encode(cls.__name__, row["id"])), **columns)

    @property
    def row_id(self) -> int:
        return int(self.row["id"])


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
