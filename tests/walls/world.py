"""A world for the tests of the walls: who has rows where, and how each would be recognised.

Whoever adds a type with an id, or a table, adds rows of it to what `inhabitants` brings in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import asyncpg

from api.global_ids import encode
from api.schema.node import NODES
from db.settings import Urls
from tests.factories import (
    Place,
    make_place,
)
from tests.walls.inhabitants import inhabit
from tests.walls.outside import make_outside
from tests.walls.requests import RootField
from tests.walls.rows import Rows, texts_in

# What no place within a company has: a row of it for the whole company is enough.
OF_THE_COMPANY = frozenset(
    {"Company", "CompanyRole", "RegisteredDocument", "Tariff", "TariffVersion"}
)
# What is named where any type would do.
ANY = "Meter"
# A shorter text may well be a part of another by chance.
PHRASE_CHARACTERS_MIN = 12
INDEX_WH = {"theirs": 987_654_321, "outside": 876_543_219, "inside": 1_234_567}


@dataclass(frozen=True, slots=True)
class Belongings:
    """What belongs to one place: ids of its objects by type, and texts that only its rows have."""

    place: Place
    ids: Mapping[str, list[str]]
    texts: frozenset[str]

    def id_of(self, type_name: str) -> str:
        # What is no object of its own, such as a session, has none in any place, and what is of the
        # whole company, such as a tariff, none within it.
        return (self.ids.get(type_name) or self.ids[ANY])[0]

    def has(self, type_name: str) -> bool:
        return type_name == "Node" or bool(self.ids.get(type_name))

    @property
    def serial(self) -> str:
        return self.place.supplies[0].serial

    def id_for(self, field: RootField) -> Callable[[str], str]:
        """Return what gives each slot of a field an id of the type that it takes."""
        targets = {slot.path: slot.target for slot in field.slots}
        return lambda path: self.id_of(targets.get(path, ANY))

    def found_in(self, body: object) -> list[str]:
        """Return what an answer shows of it, which for anybody else is nothing."""
        ids = {one for ids in self.ids.values() for one in ids}
        shown = set(texts_in(body))
        said = {text for text in self.texts if len(text) >= PHRASE_CHARACTERS_MIN}
        return sorted(
            (shown & (ids | self.texts)) | {text for text in said for one in shown if text in one}
        )


@dataclass(frozen=True, slots=True)
class World:
    """Two places of one company, and one of another. Each has a row of every type, if it can."""

    inside: Belongings
    outside: Belongings
    theirs: Belongings
    rows: Rows


async def make_world(database: Urls) -> World:
    """Make the world; the pools are open.

    :raises AssertionError: a type has no row in it
    """
    owner = await asyncpg.connect(database.owner)
    rows = Rows(owner)
    theirs_place, inside_place = await make_place(), await make_place()
    await inhabit(theirs_place, INDEX_WH["theirs"])
    await inhabit(inside_place, INDEX_WH["inside"])
    own = await rows.of_company(inside_place.company_id)
    theirs = await rows.of_company(theirs_place.company_id)
    outside_place = await make_outside(inside_place)
    await inhabit(outside_place, INDEX_WH["outside"])
    outside = await rows.of_company(inside_place.company_id)
    shared = own.texts | {"Europe/Istanbul"}
    world = World(
        inside=Belongings(inside_place, global_ids(own.ids), frozenset(own.texts)),
        outside=Belongings(
            outside_place,
            global_ids(outside.without(own).ids),
            frozenset(outside.texts - shared),
        ),
        theirs=Belongings(
            theirs_place, global_ids(theirs.ids), frozenset(theirs.texts - shared - outside.texts)
        ),
        rows=rows,
    )
    check_inhabited(world)
    return world


def check_inhabited(world: World) -> None:
    for name in NODES:
        for belongings in (world.inside, world.theirs):
            assert belongings.ids[name], f"no {name} in the world of the walls: see `inhabit`"
        if name not in OF_THE_COMPANY:
            assert world.outside.ids[name], f"no {name} outside: see `inhabit`, or OF_THE_COMPANY"


def global_ids(ids: Mapping[str, set[int]]) -> dict[str, list[str]]:
    return {name: [encode(name, row_id) for row_id in sorted(ids[name])] for name in NODES}
