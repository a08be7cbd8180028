"""How often a valid document asks for the same in the same place.

Validation compares all fields of one name in one place with one another, pair by pair: without a
limit, 300 small fields take half a second, and nobody has to be signed in to send them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionNode,
)

from api.errors import TooComplex

PAIRS_MAX = 2_000


@dataclass(slots=True)
class Place:
    """Fields of one name in one place, and what is asked for below them."""

    count: int = 0
    below: dict[str, "Place"] = field(default_factory=dict)

    @property
    def pairs(self) -> int:
        own = self.count * (self.count - 1) // 2
        return own + sum(place.pairs for place in self.below.values())


def check_repeats(document: DocumentNode) -> None:
    """Return if comparing the document's fields takes no long time.

    document: within the limits of sizes, and without a fragment within itself.

    :raises TooComplex: it would
    """
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            root = Place()
            _gather(operation.selection_set.selections, root, fragments)
            if root.pairs > PAIRS_MAX:
                raise TooComplex(
                    "The document asks for the same fields too often in one place.",
                    limit=PAIRS_MAX,
                )


def _gather(
    selections: Iterable[SelectionNode],
    place: Place,
    fragments: Mapping[str, FragmentDefinitionNode],
) -> None:
    for selection in selections:
        within, chosen = place, getattr(selection, "selection_set", None)
        if isinstance(selection, FragmentSpreadNode):
            chosen = fragments[selection.name.value].selection_set
        elif isinstance(selection, FieldNode):
            name = (selection.alias or selection.name).value
            within = place.below.setdefault(name, Place())
            within.count += 1
        if chosen is not None:
            _gather(chosen.selections, within, fragments)
