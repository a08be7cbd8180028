"""What a client sent as `where` and `orderBy`, checked, in the domain's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from strawberry.utils.str_converters import to_snake_case

from api.caller import Caller
from api.errors import BadUserInput
from api.global_ids import UndecodableId, decode
from api.schema.facets import ShownFacet, shown_facets
from api.schema.filters import AND, NOT, OR
from api.schema.node import decoded, node_type
from domain.facets import Facet, Kind
from domain.filters import EVERYTHING, Comparison, Condition, Either, Every, Operator, Opposite
from domain.listing import Listing
from domain.money import AMOUNT_MAX, micro
from domain.orders import By, Order

COMPARISONS_MAX = 50
NESTING_MAX = 4
ORDER_MAX = 3
TEXT_CHARACTERS_MAX = 200
VALUES_MAX = 500

WHERE, ORDER_BY = "where", "orderBy"
AMOUNT_EXPECTED = f"expected an amount with at most six decimals, at most {AMOUNT_MAX:,}"

Sent = Mapping[str, Any]


def condition_of(rows: Listing, sent: Sent | None, caller: Caller) -> Condition:
    """Return the condition that a client sent; none is everything.

    :raises BadUserInput: it says what no row could be compared with, or says too much
    :raises Forbidden: it speaks of what the caller must not know
    """
    if sent is None:
        return EVERYTHING
    return _Reader(shown_facets(node_type(rows).__name__), caller).read(sent, WHERE, nesting=0)


def order_of(rows: Listing, sent: Sequence[Sent] | None, caller: Caller) -> Order | None:
    """Return the order that a client sent; None when it sent none.

    :raises BadUserInput: it names too much, or something twice
    :raises Forbidden: it speaks of what the caller must not know
    """
    if not sent:
        return None
    names = [str(one["field"]) for one in sent]
    if len(names) > ORDER_MAX:
        raise BadUserInput(ORDER_BY, f"expected at most {ORDER_MAX}")
    if len(set(names)) < len(names):
        raise BadUserInput(ORDER_BY, "expected nothing twice")
    facets = {shown.facet.name: shown for shown in shown_facets(node_type(rows).__name__).values()}
    for name in names:
        facets[name].check(caller)
    return tuple(
        By(facets[name].facet, descending=one["direction"] == "DESC")
        for name, one in zip(names, sent, strict=True)
    )


@dataclass(slots=True)
class _Reader:
    facets: Mapping[str, ShownFacet]
    caller: Caller
    comparisons: int = 0

    def read(self, sent: Sent, path: str, *, nesting: int) -> Condition:
        if nesting > NESTING_MAX:
            raise BadUserInput(WHERE, f"expected `and`, `or` and `not` at most {NESTING_MAX} deep")
        return Every(
            tuple(
                self._part(name, value, f"{path}.{name}", nesting) for name, value in sent.items()
            )
        )

    def _part(self, name: str, value: Any, path: str, nesting: int) -> Condition:
        # Nothing and no condition at all are told apart: a variable that is null by mistake must
        # not show everything.
        if value is None:
            raise BadUserInput(path, "expected a value; leave it out, or ask for `isNull`")
        if name == NOT:
            return Opposite(self.read(value, path, nesting=nesting + 1))
        if name in (AND, OR):
            parts = tuple(self.read(part, path, nesting=nesting + 1) for part in value)
            return Every(parts) if name == AND else Either(parts)
        return self._comparisons(self.facets[name], value, path)

    def _comparisons(self, shown: ShownFacet, sent: Sent, path: str) -> Condition:
        shown.check(self.caller)
        self.comparisons += len(sent)
        if self.comparisons > COMPARISONS_MAX:
            raise BadUserInput(WHERE, f"expected at most {COMPARISONS_MAX} comparisons")
        return Every(
            tuple(
                _comparison(shown.facet, Operator(to_snake_case(name)), value, f"{path}.{name}")
                for name, value in sent.items()
            )
        )


def _comparison(facet: Facet, operator: Operator, value: Any, path: str) -> Comparison:
    if value is None:
        raise BadUserInput(path, "expected a value; leave it out, or ask for `isNull`")
    match operator:
        case Operator.IS_NULL:
            return Comparison(facet, operator, value)
        case Operator.IN:
            if len(value) > VALUES_MAX:
                raise BadUserInput(path, f"expected at most {VALUES_MAX}")
            return Comparison(facet, operator, tuple(_value(facet, one, path) for one in value))
        case _:
            return Comparison(facet, operator, _value(facet, value, path))


def _value(facet: Facet, value: Any, path: str) -> object:
    match facet.kind:
        case Kind.ID:
            return _row_id(facet, value, path)
        case Kind.OBJECT:
            return _object(value, path)
        case Kind.TEXT:
            return _text(value, path)
        case Kind.MONEY:
            return _micro(value, path)
        case _:
            return value


def _row_id(facet: Facet, value: Any, path: str) -> int:
    kind, row_id = decoded(value, argument=path)
    if kind.listing.table != facet.target:
        raise BadUserInput(path, "expected the id of an object of another type")
    return row_id


def _object(value: Any, path: str) -> tuple[str, int]:
    try:
        return decode(value)
    except UndecodableId as error:
        raise BadUserInput(path, "expected an id that this API gave out") from error


def _text(value: Any, path: str) -> str:
    text = str(value)
    # PostgreSQL knows no zero characters.
    if len(text) > TEXT_CHARACTERS_MAX or "\0" in text:
        raise BadUserInput(path, f"expected at most {TEXT_CHARACTERS_MAX} characters, none zero")
    return text


def _micro(value: Decimal, path: str) -> int:
    try:
        return micro(value)
    except ValueError as error:
        raise BadUserInput(path, AMOUNT_EXPECTED) from error
