"""Every type and every query, asked by those who may not see what they ask for."""

from collections.abc import Mapping

from api.schema.node import NODES
from db.enums import Role
from tests.api.web import Answer, User, Web
from tests.walls.conftest import Walled
from tests.walls.people import confined_everywhere, member, with_every_role
from tests.walls.requests import DEPTH, RootField, node_document, root_fields
from tests.walls.values import Values
from tests.walls.world import Belongings

UNFORESEEN = "INTERNAL_SERVER_ERROR"
TOO_COMPLEX = "QUERY_TOO_COMPLEX"
# What a caller meets who asks for what is behind a wall.
WALLED_CODES = {"NOT_FOUND", "FORBIDDEN"}
# A preview wants prices that fit together, and holidays a year; their own tests have them.
SHOWING_NOTHING = {
    "companies",
    "holidays",
    "importTemplate",
    "liveCursor",
    "platformDailyEntries",
    "previewTariffVersion",
    "rateLimit",
}
# Staff of the platform are told the name of every company, since they may act in any; and the
# numbers of its users, who are of the platform.
SHOWN_TO_STAFF = frozenset({"companies", "platformDailyEntries", "viewer"})


async def node(web: Web, user: User, type_name: str, belongings: Belongings) -> Answer:
    values = Values(lambda _: belongings.id_of("Meter"), belongings.serial)
    document = node_document(type_name, values)
    return await web.ask(document, user, id=belongings.id_of(type_name))


async def query(web: Web, user: User, field: RootField, asked: Belongings) -> Answer:
    """Ask for all that a field shows, naming what somebody else has wherever an id may stand."""
    for depth in range(DEPTH, -1, -1):
        answer = await web.ask(field.document(asked.id_for(field), asked.serial, depth=depth), user)
        if answer.codes != [TOO_COMPLEX]:
            return answer
    raise AssertionError(f"{field.name} cannot be asked for at all")


async def queries(
    web: Web, user: User, asked: Belongings, *, but: frozenset[str] = frozenset()
) -> dict[str, Answer]:
    """Return what every query answers, by its name."""
    fields = [field for field in root_fields("Query") if field.name not in but]
    return {field.name: await query(web, user, field, asked) for field in fields}


def leaks(answers: Mapping[str, Answer], hidden: Belongings) -> dict[str, list[str]]:
    """Return what answers say that they must not say, by their names."""
    found = {
        name: hidden.found_in(answer.body) + [code for code in answer.codes if code == UNFORESEEN]
        for name, answer in answers.items()
    }
    return {name: texts for name, texts in found.items() if texts}


async def test_whoever_owns_an_object_finds_it_with_all_that_it_shows(walled: Walled) -> None:
    home = walled.world.theirs
    user = await member(walled.web, home.place.company_id)

    answers = {name: await node(walled.web, user, name, home) for name in NODES}

    assert {name: one.codes for name, one in answers.items() if one.codes} == {}
    shown = {name: one.data["node"]["id"] for name, one in answers.items()}
    assert shown == {name: home.id_of(name) for name in NODES}


async def test_the_queries_show_their_own_to_whoever_owns_them(walled: Walled) -> None:
    home = walled.world.theirs
    user = await member(walled.web, home.place.company_id)

    answers = await queries(walled.web, user, home)

    # What shows nothing to anybody would be of no use to the tests below.
    empty = {name for name, answer in answers.items() if not home.found_in(answer.body)}
    assert empty == SHOWING_NOTHING


async def test_no_object_of_another_company_is_found(strangers: Walled) -> None:
    theirs = strangers.world.theirs
    user = await member(strangers.web, strangers.world.inside.place.company_id)

    answers = {name: await node(strangers.web, user, name, theirs) for name in NODES}

    assert {name: one.errors for name, one in answers.items()} == {
        name: [("NOT_FOUND", ["node"])] for name in NODES
    }
    assert leaks(answers, theirs) == {}


async def test_no_query_shows_anything_of_another_company(strangers: Walled) -> None:
    web, world = strangers.web, strangers.world

    leaked = {}
    for role, user in (await with_every_role(web, world.inside)).items():
        but = SHOWN_TO_STAFF if role is Role.DEVELOPER else frozenset()
        leaked[role] = leaks(await queries(web, user, world.theirs, but=but), world.theirs)

    assert leaked == {role: {} for role in leaked}


async def test_no_object_elsewhere_in_the_company_is_found(walled: Walled) -> None:
    web, world = walled.web, walled.world

    shown = {}
    for place, user in (await confined_everywhere(web, world.inside)).items():
        for name in (name for name in NODES if world.outside.has(name)):
            answer = await node(web, user, name, world.outside)
            refused = answer.body["data"] == {"node": None} and set(answer.codes) <= WALLED_CODES
            if not refused or leaks({name: answer}, world.outside):
                shown[place, name] = answer

    assert shown == {}


async def test_no_query_shows_anything_elsewhere_in_the_company(walled: Walled) -> None:
    web, world = walled.web, walled.world

    leaked = {}
    for place, user in (await confined_everywhere(web, world.inside)).items():
        leaked[place] = leaks(await queries(web, user, world.outside), world.outside)

    assert leaked == {place: {} for place in leaked}
