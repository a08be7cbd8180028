"""Completing many values of one type at once, as long as all of them are as usual.

Values that are not, whether they make an error or not, raise: graphql-core then completes the same
values one by one. Nothing is resolved here, so doing it twice does no harm.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import chain, islice, repeat
from math import isfinite
from types import GeneratorType
from typing import Any

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)

Values = Sequence[Any]
Complete = Callable[[Values], Values]

LISTS = frozenset({list, tuple})
UNUSUAL = (type(None), type(Undefined), Exception, GeneratorType)


class Unusual(Exception):
    """Some of the values are not plain."""


def leaves(kind: GraphQLLeafType) -> Complete:
    """Return what completes values of a scalar or an enum."""
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, GraphQLEnumType):
        return _named(kind)
    return _coerced(kind)


def nullable(complete: Complete) -> Complete:
    """Return what completes the values that are there, and lets null be null."""

    def complete_present(values: Values) -> Values:
        if None not in values:
            return complete(values)
        present = iter(complete([value for value in values if value is not None]))
        return [None if value is None else next(present) for value in values]

    return complete_present


def lists(complete: Complete) -> Complete:
    """Return what completes lists, the items of all of them together."""

    def complete_all(values: Values) -> Values:
        if not LISTS.issuperset(map(type, values)):
            raise Unusual
        completed = iter(complete(list(chain.from_iterable(values))))
        return [list(islice(completed, len(value))) for value in values]

    return complete_all


def objects(fields: Mapping[str, Complete], *, of_type: type | None) -> Complete:
    """Return what completes objects, a field of all of them at a time.

    fields: by name, what reads and completes the field of each object.
    of_type: the class that they must be of; None when GraphQL does not check it.
    """
    names, columns = tuple(fields), tuple(fields.values())

    def complete(values: Values) -> Values:
        _check_plain(values, of_type)
        rows = zip(*[column(values) for column in columns], strict=True)
        return list(map(dict, map(zip, repeat(names), rows)))

    return complete


def _check_plain(values: Values, of_type: type | None = None) -> None:
    for kind in set(map(type, values)):
        if of_type is not None and kind is not of_type:
            raise Unusual
        if issubclass(kind, UNUSUAL) or hasattr(kind, "__await__"):
            raise Unusual


def _of(kind: type, fits: Callable[[Collection[Any]], bool] | None = None) -> Complete:
    only = frozenset({kind})

    def complete(values: Values) -> Values:
        if not only.issuperset(map(type, values)) or (fits is not None and not fits(values)):
            raise Unusual
        return values

    return complete


def _are_int32(values: Collection[int]) -> bool:
    return not values or (min(values) >= GRAPHQL_MIN_INT and max(values) <= GRAPHQL_MAX_INT)


def _are_finite(values: Collection[float]) -> bool:
    return all(map(isfinite, values))


PLAIN: Mapping[GraphQLLeafType, Complete] = {
    GraphQLString: _of(str),
    GraphQLID: _of(str),
    GraphQLBoolean: _of(bool),
    GraphQLInt: _of(int, _are_int32),
    GraphQLFloat: _of(float, _are_finite),
}


def _named(kind: GraphQLEnumType) -> Complete:
    values = [value.value for value in kind.values.values()]
    members = list(getattr(kind, "wrapped_cls", ()))
    names = {value: kind.coerce_output_value(value) for value in [*values, *members]}

    def complete(values: Values) -> Values:
        return list(map(names.__getitem__, values))

    return complete


def _coerced(kind: GraphQLLeafType) -> Complete:
    coerce = kind.coerce_output_value

    def complete(values: Values) -> Values:
        _check_plain(values)
        completed = list(map(coerce, values))
        if None in completed or Undefined in completed:
            raise Unusual
        return completed

    return complete
