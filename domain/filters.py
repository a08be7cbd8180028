"""Conditions over facets: what a list is narrowed to, as trees that become SQL.

A row that has no value meets no comparison with one, and so meets the comparison's opposite.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from domain.facets import Facet, Kind, Via

# Fewer letters are no word that an index could find.
INDEXED_CHARACTERS_MIN = 3


class Operator(StrEnum):
    """How a facet is compared with a value."""

    EQ = "eq"
    IN = "in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    CONTAINS = "contains"
    IS_NULL = "is_null"


SIGNS = {
    Operator.EQ: "=",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """value: for IN a tuple; for IS_NULL whether there is to be none; else of the facet's kind.

    Of an OBJECT a value is the name of its type and its id.
    """

    facet: Facet
    operator: Operator
    value: Any

    @property
    def candidates(self) -> list[Any]:
        """What an EQ or an IN would take."""
        return list(self.value) if self.operator is Operator.IN else [self.value]


@dataclass(frozen=True, slots=True)
class Every:
    """All of them; of none, everything."""

    conditions: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """One of them at the least; of none, nothing."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    """What the condition leaves out."""

    condition: "Condition"


Condition: TypeAlias = Comparison | Every | Either | Opposite
EVERYTHING = Every()


def written(
    condition: Condition, table: str, *, wall: Callable[[str], str]
) -> tuple[str, dict[str, object]]:
    """Return the condition on rows of `table` as SQL, and the values that it speaks of.

    wall: the condition that another table's rows must meet to count.
    """
    writer = _Writer(table, wall)
    return writer.write(condition), writer.values


@dataclass(slots=True)
class _Writer:
    table: str
    wall: Callable[[str], str]
    values: dict[str, object] = field(default_factory=dict)

    def write(self, condition: Condition) -> str:
        match condition:
            case Comparison():
                return self._comparison(condition)
            case Every(conditions):
                return self._joined("and", conditions) or "true"
            case Either(conditions):
                return self._joined("or", conditions) or "false"
            case Opposite(inner):
                # Of a row without a value neither `=` nor its negation is true.
                return f"({self.write(inner)}) is not true"

    def _joined(self, word: str, conditions: Sequence[Condition]) -> str:
        return f" {word} ".join(f"({self.write(one)})" for one in conditions)

    def _comparison(self, comparison: Comparison) -> str:
        facet = comparison.facet
        if facet.via is None:
            return self._test(comparison)
        if comparison.operator is not Operator.IS_NULL:
            return self._found(facet.via, self._test(comparison))
        return ("not " if comparison.value else "") + self._found(facet.via, "true")

    def _found(self, via: Via, test: str) -> str:
        seen = self.wall(via.table)
        return f"exists (select from {via.rows} where {via.link} and {seen} and {test})"

    def _test(self, comparison: Comparison) -> str:
        facet, value = comparison.facet, comparison.value
        match comparison.operator:
            case Operator.IS_NULL:
                return f"{facet.expression} is {'' if value else 'not '}null"
            case Operator.CONTAINS:
                return self._contains(facet, str(value))
            case Operator.EQ | Operator.IN if facet.kind is Kind.OBJECT:
                return self._one_of(facet, comparison.candidates)
            case Operator.EQ | Operator.IN if facet.target is not None:
                return f"{facet.expression} in ({self._seen(facet.target, comparison.candidates)})"
            case Operator.IN:
                name = self._value(comparison.candidates)
                return f"{facet.expression} = any({name}::{facet.sql_type}[])"
            case operator:
                sign = SIGNS[operator]
                return f"{facet.expression} {sign} {self._value(value)}::{facet.sql_type}"

    def _one_of(self, facet: Facet, objects: Sequence[Any]) -> str:
        """Compare types and ids, each with its own: as pairs an index finds them."""
        pairs = [
            f"({self._value(type_name)}::text, {self._value(row_id)}::int8)"
            for type_name, row_id in objects
        ]
        return f"{facet.expression} in ({', '.join(pairs)})" if pairs else "false"

    def _seen(self, table: str, ids: Sequence[Any]) -> str:
        """Return the rows among `ids` that the caller sees: others must not be told apart."""
        return (
            f"select {table}.id from {table} where {table}.company_id = {{company}}"
            f" and {table}.id = any({self._value(ids)}::int8[]) and {self.wall(table)}"
        )

    def _contains(self, facet: Facet, part: str) -> str:
        name = self._value(part)
        if facet.is_indexed and len(part) >= INDEXED_CHARACTERS_MIN:
            found = f"rows_containing('{facet.expression}', {name})"
            return f"{self.table}.id in (select found.id from {found} found)"
        # Nothing in the part has a meaning of its own, as it would have for LIKE.
        return f"strpos(folded({facet.expression}), folded({name}::text)) > 0"

    def _value(self, value: object) -> str:
        name = f"where_{len(self.values)}"
        self.values[name] = value
        return f"{{{name}}}"
