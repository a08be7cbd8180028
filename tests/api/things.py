"""A schema of things that can be odd in every way, and documents that ask for all of them."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, NewType, cast

import strawberry
from graphql import GraphQLError, GraphQLSchema
from graphql.pyutils import Undefined

from api.permissions.requires import requires
from api.schema.scalars import SCALARS, DateTime, Kwh, TimeZone
from db.enums import Scope
from tests.api.test_guards import FakeContext


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = 2


Blank = NewType("Blank", str)
BLANK = strawberry.scalar(name="Blank", serialize=lambda value: value or None)


@strawberry.interface
class Shape:
    name: str


@strawberry.type
class Part:
    label: str
    size: int | None = 1


@strawberry.type
class Thing(Shape):
    text: str = "text"
    maybe: str | None = "maybe"
    number: int = 1
    fraction: float = 0.5
    flag: bool = True
    colour: Colour = Colour.RED
    maybe_colour: Colour | None = None
    at: DateTime = DateTime(datetime(2026, 3, 18, tzinfo=UTC))
    energy: Kwh | None = None
    part: Part | None = strawberry.field(default_factory=lambda: Part(label="part"))
    needed: Part = strawberry.field(default_factory=lambda: Part(label="needed"))
    parts: list[Part] = strawberry.field(default_factory=lambda: [Part(label="a"), Part(label="b")])
    gaps: list[Part | None] | None = None
    zone: TimeZone = TimeZone("UTC")
    blank: Blank | None = None
    words: list[str] = strawberry.field(default_factory=list)
    grid: list[list[int]] = strawberry.field(default_factory=lambda: [[1, 2], []])
    secret: str | None = strawberry.field(
        default="secret", extensions=[requires(Scope.METERS_READ)]
    )

    @strawberry.field
    def shouted(self) -> str:
        return self.name.upper()

    @strawberry.field
    async def later(self) -> str | None:
        await asyncio.sleep(0)
        return self.name

    @strawberry.field
    async def failing(self) -> str:
        raise ValueError(f"{self.name} fails")


@strawberry.type
class Other(Shape):
    weight: int = 7


class Broken(Thing):
    """A thing whose text cannot be read."""

    def __getattribute__(self, name: str) -> Any:
        if name == "text":
            raise RuntimeError("broken")
        return super().__getattribute__(name)


class BrokenPart(Part):
    """A part whose label cannot be read."""

    def __getattribute__(self, name: str) -> Any:
        if name == "label":
            raise RuntimeError("broken")
        return super().__getattribute__(name)


Either = Annotated[Thing | Other, strawberry.union("Either")]


@strawberry.type
class Query:
    @strawberry.field
    def things(self, info: strawberry.Info[Any, None]) -> list[Thing] | None:
        return cast("list[Thing]", info.context.things)

    @strawberry.field
    def possible(self, info: strawberry.Info[Any, None]) -> list[Thing | None] | None:
        return cast("list[Thing | None]", info.context.things)

    @strawberry.field
    async def thing(self, info: strawberry.Info[Any, None]) -> Thing:
        return cast("Thing", info.context.things[0])

    @strawberry.field
    def shapes(self, info: strawberry.Info[Any, None]) -> list[Shape | None]:
        return [*info.context.things, Other(name="other")]

    @strawberry.field
    def either(self, info: strawberry.Info[Any, None]) -> list[Either | None]:
        return [*info.context.things, Other(name="other")]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def changed(self) -> AsyncGenerator[Thing, None]:
        while True:
            yield GOOD


SCHEMA: GraphQLSchema = strawberry.Schema(
    Query,
    subscription=Subscription,
    types=[Thing, Other],
    config=strawberry.schema.config.StrawberryConfig(scalar_map={**SCALARS, Blank: BLANK}),
)._schema

PLAIN = """
    __typename name alias: name text maybe number fraction flag colour maybeColour at energy
    zone blank words grid
    part { label size } needed { ... on Part { label } label size }
    parts { __typename label size } gaps { label size }
"""
RESOLVED = f"{PLAIN} shouted later secret"
DOCUMENTS = [
    f"{{ things {{ {PLAIN} }} }}",
    f"{{ things {{ {PLAIN} secret }} }}",
    f"{{ things {{ {RESOLVED} }} }}",
    f"{{ things {{ {RESOLVED} failing }} }}",
    f"{{ possible {{ {PLAIN} }} }}",
    f"{{ possible {{ {RESOLVED} failing }} }}",
    f"{{ thing {{ {PLAIN} }} }}",
    f"{{ thing {{ {RESOLVED} }} }}",
    f"{{ shapes {{ name ... on Thing {{ {PLAIN} }} ... on Other {{ weight }} }} }}",
    f"{{ either {{ __typename ... on Thing {{ {RESOLVED} }} ... on Other {{ weight }} }} }}",
    "{ things { text @skip(if: true) } possible { text @include(if: false) name } }",
]


@dataclass
class Things(FakeContext):
    things: Any = None
    one_by_one: list[Any] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)

    def renewed(self, caller: Any) -> "Things":
        return replace(self, caller=caller)


GOOD = Thing(name="good")
ODD: dict[str, Any] = {
    "null where there must be a value": {"text": None},
    "null where there may be none": {"maybe": None, "part": None},
    "undefined": {"maybe": Undefined},
    "a number for a text": {"text": 12},
    "an object for a text": {"text": object},
    "a text for a number": {"number": "12"},
    "a text for no number": {"number": "twelve"},
    "a number too large": {"number": 2**31},
    "a flag for a number": {"number": True},
    "a number for a flag": {"flag": 1},
    "a whole fraction": {"fraction": 2},
    "an endless fraction": {"fraction": float("inf")},
    "no fraction": {"fraction": float("nan")},
    "the value of an enum": {"colour": "red"},
    "another member": {"colour": Colour.BLUE, "maybe_colour": Colour.RED},
    "no member": {"colour": "green"},
    "a list for a member": {"colour": ["red"]},
    "no moment": {"at": "noon"},
    "no energy": {"energy": "much"},
    "an exception": {"maybe": ValueError("told")},
    "an exception for an object": {"part": ValueError("told")},
    "an exception for an object that must be": {"needed": ValueError("told")},
    "an error with facts": {"text": GraphQLError("told", extensions={"code": "X"})},
    "an exception for a moment": {"at": ValueError("told")},
    "no object where one must be": {"needed": None},
    "a wrong object": {"part": "text"},
    "a null part": {"parts": [Part(label="a"), None]},
    "a broken part": {"parts": [Part(label="a"), Part(label=cast("str", None))]},
    "a part that raises": {"parts": [Part(label="a"), BrokenPart(label="b")]},
    "an exception for a zone": {"zone": ValueError("told")},
    "nothing for a zone": {"zone": None},
    "an undefined zone": {"zone": Undefined},
    "a blank": {"blank": "filled"},
    "a blank that serializes to null": {"blank": ""},
    "words": {"words": ["a", "b"]},
    "a text for words": {"words": "ab"},
    "a row that is a dictionary": {"grid": [[1], {2: 3}]},
    "a row that is a set": {"grid": [[1], {2}]},
    "no list": {"parts": Part(label="a")},
    "a text for a list": {"parts": "ab"},
    "a tuple for a list": {"parts": (Part(label="a"),)},
    "no parts": {"parts": []},
    "gaps": {"gaps": [None, Part(label="a", size=None), None]},
    "a broken gap": {"gaps": [None, Part(label=cast("str", None)), Part(label="b")]},
    "a null in a grid": {"grid": [[1], [None]]},
    "a null row in a grid": {"grid": [[1], None]},
}
