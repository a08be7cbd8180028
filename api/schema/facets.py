"""Facets as clients see them: their names, what they mean, and which scopes they take."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from strawberry.utils.str_converters import to_camel_case

from api.caller import Caller
from api.errors import Forbidden
from api.permissions.requires import Guard, Requires
from api.schema.node import NODES, Node
from db.enums import Scope
from domain.facets import Facet


@dataclass(frozen=True, slots=True)
class ShownFacet:
    """A facet on the wire. scopes: what one needs to use it, beyond what its list takes."""

    facet: Facet
    name: str
    description: str
    scopes: tuple[Scope, ...]

    @property
    def directives(self) -> list[object]:
        return [Requires(scope=scope) for scope in self.scopes]

    def check(self, caller: Caller) -> None:
        """Return if the caller may filter and order by it: either tells what a row holds.

        :raises Forbidden: a scope is missing
        """
        for scope in self.scopes:
            if scope not in caller.scopes:
                raise Forbidden(
                    f"Filtering or ordering by `{self.name}` takes the scope {scope.name}."
                )


@cache
def shown_facets(type_name: str) -> Mapping[str, ShownFacet]:
    """Return the facets of a type of objects by their names on the wire."""
    node = NODES[type_name]
    shown = [_shown(facet, node) for facet in node.listing.facets]
    return MappingProxyType({one.name: one for one in shown})


def _shown(facet: Facet, node: type[Node]) -> ShownFacet:
    scopes = _scopes(facet, node)
    needs = [f"Requires the scope {scope.name}." for scope in scopes]
    return ShownFacet(
        facet,
        to_camel_case(facet.name),
        " ".join([_meaning(facet, node), *needs]),
        scopes,
    )


def _scopes(facet: Facet, node: type[Node]) -> tuple[Scope, ...]:
    tables = [facet.target, facet.via.table if facet.via else None]
    scopes = [_node_of(table).scope for table in tables if table is not None]
    asked = dict.fromkeys([*scopes, *([facet.scope] if facet.scope else [])])
    return tuple(scope for scope in asked if scope is not node.scope)


def _meaning(facet: Facet, node: type[Node]) -> str:
    if facet.meaning is not None:
        return facet.meaning
    if facet.target is not None:
        return f"The id of its {_node_of(facet.target).__name__}."
    definition: Any = node.__strawberry_definition__  # type: ignore[attr-defined]
    name = to_camel_case(facet.name)
    field = next(
        one
        for one in definition.fields
        if name == (one.graphql_name or to_camel_case(one.python_name))
    )
    said: str = field.description
    for extension in field.extensions:
        if isinstance(extension, Guard):
            said = said.removesuffix(extension.sentence).strip()
    return said


def _node_of(table: str) -> type[Node]:
    return next(node for node in NODES.values() if node.listing.table == table)
