"""Completing many values of one type at once, as long as all of them are as usual.

Values that are not, whether they make an error or not, raise: graphql-core then completes the same
values one by one. Nothing is resolved here, so doing it twice does no harm.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from math import isfinite
from types import GeneratorType
from typing import Any, cast

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

LISTS = frozenset({list, tuple})
UNUSUAL = (type(None), type(Undefined), Exception, GeneratorType)


class Unusual(Exception):
    """Some of the values are not plain."""


@dataclass(slots=True)
class Tally:
    """How many objects an answer has so far, itself not counted."""

    objects: int = 0


Complete = Callable[[Values, Tally], Values]


def leaves(kind: GraphQLLeafType) -> Complete:
    """Return what completes values of a scalar or an enum."""
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, GraphQLEnumType):
        return _named(kind)
    return _coerced(kind)


def nullable(complete: Complete) -> Complete:
    """Return what completes the values that are there, and lets null be null."""

    def complete_present(values: Values, tally: Tally) -> Values:
        if None not in values:
            return complete(values, tally)
        present = iter(complete([value for value in values if value is not None], tally))
        return [None if value is None else next(present) for value in values]

    return complete_present


def lists(complete: Complete) -> Complete:
    """Return what completes lists, the items of all of them together."""

    def complete_all(values: Values, tally: Tally) -> Values:
        if not LISTS.issuperset(map(type, values)):
            raise Unusual
        completed = iter(complete(list(chain.from_iterable(values)), tally))
        return [list(islice(completed, len(value))) for value in values]

    return complete_all


def objects(fields: Mapping[str, Complete], *, of_type: type | None) -> Complete:
    """Return what completes objects, a field of all of them at a time.

    fields: by name, what reads and completes the field of each object.
    of_type: the class that they must be of; None when GraphQL does not check it.
    """
    columns, row = tuple(fields.values()), _row(fields)

    def complete(values: Values, tally: Tally) -> Values:
        _check_plain(values, of_type)
        tally.objects += len(values)
        return list(map(row, *[column(values, tally) for column in columns]))

    return complete


def _row(names: Collection[str]) -> Callable[..., dict[str, Any]]:
    """Return what makes a dictionary of one value for each name.

    names: GraphQL's. A display takes a third of the time of `dict(zip(names, values))`.
    """
    values = [f"value_{number}" for number in range(len(names))]
    items = [f"{name!r}: {value}" for name, value in zip(names, values, strict=True)]
    row = eval(f"lambda {', '.join(values)}: {{{', '.join(items)}}}")  # noqa: S307 - names alone
    return cast("Callable[..., dict[str, Any]]", row)


def _check_plain(values: Values, of_type: type | None = None) -> None:
    for kind in set(map(type, values)):
        if of_type is not None and kind is not of_type:
            raise Unusual
        if issubclass(kind, UNUSUAL) or hasattr(kind, "__await__"):
            raise Unusual


def _of(kind: type, fits: Callable[[Collection[Any]], bool] | None = None) -> Complete:
    only = frozenset({kind})

    def complete(values: Values, _: Tally) -> Values:
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

    def complete(values: Values, _: Tally) -> Values:
        return list(map(names.__getitem__, values))

    return complete


def _coerced(kind: GraphQLLeafType) -> Complete:
    coerce = kind.coerce_output_value

    def complete(values: Values, _: Tally) -> Values:
        _check_plain(values)
        completed = list(map(coerce, values))
        if None in completed or Undefined in completed:
            raise Unusual
        return completed

    return complete
