"""A world for the tests of the walls: who has rows where, and how each would be recognised.

Whoever adds a type with an id, or a table, adds rows of it to `inhabit`.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import asyncpg

from api.global_ids import encode
from api.schema.node import NODES
from db import access
from db.enums import JobKind, JobState, ProtectionKind, Role, Scope
from db.ids import FieldId, FrameId, UserId
from db.settings import Urls
from domain.frames import operations as frames
from domain.frames.operations import REVIEW_FIRST, IncomingFrame
from domain.hierarchy import branches, collectors, fields, rf_modules, synchronisations
from domain.identity import invitations, own_roles
from domain.identity.keys import Keys
from domain.identity.operations import add_membership
from domain.identity.rules import WHOLE_COMPANY, GivenRole, Giver
from domain.identity.rules import Place as Confinement
from domain.longwork import jobs, running
from domain.longwork.jobs import Asker
from domain.longwork.running import ItemError
from domain.readings import operations as readings
from domain.refusals import AlreadyExists
from domain.subscribers import operations as subscribers
from domain.subscribers import protection
from domain.subscribers.protection import Detail
from tests.api.documents import register
from tests.api.keys import KEY, make_key
from tests.factories import (
    KEYRING,
    NOW,
    Place,
    add_supply,
    make_place,
    make_read,
    make_register_set,
)
from tests.imports import sent
from tests.walls.requests import RootField
from tests.walls.rows import Rows, texts_in

# What no place within a company has: a row of it for the whole company is enough.
OF_THE_COMPANY = frozenset({"Company", "CompanyRole", "RegisteredDocument", "Tariff"})
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
        # What is no object of its own, such as a session, has none in any place.
        return self.ids[type_name if type_name in self.ids else ANY][0]

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


async def inhabit(place: Place, index_wh: int) -> None:
    """Give a place rows that `make_place` does not make."""
    await protection.add(
        company_id=place.company_id,
        subscriber_id=place.subscriber_id,
        detail=Detail(
            kind=ProtectionKind.OTHER, document=f"file of {index_wh}", note=f"note of {index_wh}"
        ),
        valid_from=NOW.date(),
        valid_until=None,
        keyring=KEYRING,
    )
    registers = await make_register_set(place.company_id, (f"1.8.{place.field_id}",))
    async with access.system() as connection:
        await readings.store(connection, [make_read(place, registers, NOW, index_wh)], now=NOW)
    await synchronisations.note_clock(
        company_id=place.company_id, collector_id=place.collector_id, device_at=NOW, now=NOW
    )
    await frames.store([frame_of(place)])
    await register(place.company_id, f"query Of{place.company_id} {{ viewer {{ name }} }}")
    await make_key(
        place.company_id,
        replace(KEY, name=f"key of {place.field_id}", place=Confinement(field_id=place.field_id)),
    )
    await give_work(place)
    await people(place)


async def people(place: Place) -> None:
    """Give a place a user and an invitation of its own, and its company a role."""
    field_id = place.field_id
    giver = Giver(user_id=await _user(field_id), scopes=frozenset(Scope), place=WHOLE_COMPANY)
    operator = GivenRole(role=Role.OPERATOR)
    with suppress(AlreadyExists):
        await own_roles.create(
            company_id=place.company_id,
            name=f"Role of company {place.company_id}",
            description=f"Made for company {place.company_id}",
            scopes=[Scope.METERS_READ],
            giver=giver,
        )
    await add_membership(
        company_id=place.company_id, user_id=giver.user_id, role=operator.role, field_id=field_id
    )
    await invitations.invite(
        company_id=place.company_id,
        email=f"invited-to-{field_id}@example.com",
        name=f"Invited to {field_id}",
        given=operator,
        place=Confinement(field_id=field_id),
        giver=giver,
        keys=Keys("a secret that is long enough for a test"),
        now=NOW,
    )


async def _user(field_id: FieldId) -> UserId:
    async with access.system() as connection:
        user_id = await connection.fetchval(
            "insert into app_user (email, name, created_at) values ($1, $2, $3) returning id",
            f"member-of-{field_id}@example.com",
            f"Member of {field_id}",
            NOW,
        )
    return UserId(user_id)


async def give_work(place: Place) -> None:
    """Give a place a file that was sent, and a job that found a fault in it."""
    asker = Asker(user_id=None, role=None, scopes=frozenset())
    content = f"serial\n{place.collector_serial}".encode()
    name = f"collectors-of-{place.field_id}.csv"
    file_id = await sent(place.company_id, None, content, name=name)
    job_id = await jobs.queue(
        company_id=place.company_id,
        kind=JobKind.IMPORT,
        asker=asker,
        input={"file_id": file_id},
        now=NOW,
    )
    run = await running.claim(now=NOW, only=job_id)
    assert run is not None
    fault = ItemError(code="REQUIRED", sheet=name)
    async with run.step(now=NOW) as connection:
        await run.report(connection, [fault], count=1)
    await run.end(JobState.FAILED, now=NOW, error="FAULTY_FILE")


def frame_of(place: Place) -> IncomingFrame:
    return IncomingFrame(
        id=FrameId(place.collector_id),
        company_id=place.company_id,
        collector_id=place.collector_id,
        received_at=NOW,
        function="read",
        reference_id=f"the message {place.collector_id} of it",
        packet=0,
        digest=bytes(16),
        body=f"what {place.collector_id} delivered".encode(),
        bucket=0,
        waits_for=REVIEW_FIRST,
    )


async def make_outside(inside: Place) -> Place:
    """Make a second branch in a company, with a field and a subscriber of its own."""
    branch_id = await branches.create(company_id=inside.company_id, name="Far South")
    field_id = await fields.create(
        company_id=inside.company_id,
        branch_id=branch_id,
        name="Far Harbour",
        latitude=41.1,
        longitude=29.1,
    )
    collector_id = await collectors.create(
        company_id=inside.company_id,
        field_id=field_id,
        flag="WTL",
        serial="far-away",
        token="token of the far collector",  # noqa: S106 - a test's own
        time_zone="Europe/Istanbul",
    )
    rf_module_id = await rf_modules.create(
        company_id=inside.company_id, collector_id=collector_id, serial="RF-far-away"
    )
    outside = Place(
        company_id=inside.company_id,
        branch_id=branch_id,
        field_id=field_id,
        collector_id=collector_id,
        collector_serial="far-away",
        rf_module_id=rf_module_id,
        tariff_id=inside.tariff_id,
        subscriber_id=await subscribers.create(
            company_id=inside.company_id,
            reference="S-far-away",
            contact={
                "name": "Far Away",
                "email": "far@example.com",
                "phone": "+905551111111",
            },
            keyring=KEYRING,
        ),
    )
    await add_supply(outside)
    return outside


def global_ids(ids: Mapping[str, set[int]]) -> dict[str, list[str]]:
    return {name: [encode(name, row_id) for row_id in sorted(ids[name])] for name in NODES}
