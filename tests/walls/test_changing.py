"""Every mutation, by those who may not change what they name: refused, and nothing happens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from db.enums import Scope
from tests.api.web import Answer, User
from tests.walls.conftest import Walled
from tests.walls.people import confined_everywhere, holds, member, with_every_role
from tests.walls.requests import RootField, Slot, root_fields
from tests.walls.world import Belongings

WORDS = "Somebody else"
ABOVE = {
    "branch": {"Company"},
    "field": {"Company", "Branch"},
    "subscriber": {"Company", "Branch", "Field"},
}
MUTATIONS = [field for field in root_fields("Mutation") if not field.is_public]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a mutation answered, and which tables it changed."""

    answer: Answer
    changed: list[str]

    def is_refused(self, field: RootField, codes: set[str]) -> bool:
        """Return whether the field was refused with one of the codes, and did nothing."""
        return (
            self.changed == []
            and [path for _, path in self.answer.errors] == [[field.name]]
            and set(self.answer.codes) <= codes
            and self.answer.body["data"] == {field.name: None}
        )


class Attempts:
    """Tries mutations, one after the other."""

    def __init__(self, walled: Walled) -> None:
        self._web = walled.web
        self._rows = walled.world.rows
        self._digest: dict[str, Any] | None = None

    async def make(self, user: User | None, document: str) -> Attempt:
        before = self._digest or await self._rows.digest()
        answer = await self._web.ask(document, user)
        self._digest = await self._rows.digest()
        return Attempt(answer, changed_between(before, self._digest))


def changed_between(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [name for name in before if before[name] != after[name]]


def naming(
    field: RootField, strange: Slot, own: Belongings, strange_id: Callable[[str], str]
) -> str:
    """Return a mutation that names what is one's own but in one place."""
    own_id = own.id_for(field)

    def value_of(path: str) -> str:
        return strange_id(path) if path == strange.path else own_id(path)

    return field.document(value_of, WORDS)


def slots(foreign: Belongings) -> list[tuple[RootField, Slot]]:
    """Return every place where a mutation may name what `foreign` has."""
    return [
        (field, slot) for field in MUTATIONS for slot in field.slots if foreign.has(slot.target)
    ]


async def test_no_mutation_reaches_another_company(strangers: Walled) -> None:
    web, world = strangers.web, strangers.world
    user = await member(web, world.inside.place.company_id)

    attempts, got_through = Attempts(strangers), {}
    for field, slot in slots(world.theirs):
        document = naming(field, slot, world.inside, world.theirs.id_for(field))
        attempted = await attempts.make(user, document)
        # What only the platform may do is refused whatever it names.
        expected = "FORBIDDEN" if field.scope == Scope.PLATFORM_WRITE.name else "NOT_FOUND"
        if not attempted.is_refused(field, {expected}):
            got_through[f"{field.name}.{slot.path}"] = attempted

    assert got_through == {}


async def test_no_mutation_reaches_elsewhere_in_the_company(walled: Walled) -> None:
    web, world = walled.web, walled.world

    attempts, got_through = Attempts(walled), {}
    for place, user in (await confined_everywhere(web, world.inside)).items():
        for field, slot in slots(world.outside):
            document = naming(field, slot, world.inside, world.outside.id_for(field))
            attempted = await attempts.make(user, document)
            if not attempted.is_refused(field, {"NOT_FOUND", "FORBIDDEN"}):
                got_through[place, field.name, slot.path] = attempted

    assert got_through == {}


async def test_who_is_confined_changes_nothing_above(walled: Walled) -> None:
    web, world = walled.web, walled.world

    attempts, got_through = Attempts(walled), {}
    for place, user in (await confined_everywhere(web, world.inside)).items():
        for field in MUTATIONS:
            if ABOVE[place] & {slot.target for slot in field.slots}:
                document = field.document(world.inside.id_for(field), WORDS)
                attempted = await attempts.make(user, document)
                if not attempted.is_refused(field, {"NOT_FOUND", "FORBIDDEN"}):
                    got_through[place, field.name] = attempted

    assert got_through == {}


async def test_a_mutation_that_names_nothing_changes_nothing_of_others(strangers: Walled) -> None:
    web, world = strangers.web, strangers.world
    theirs = world.theirs.place.company_id
    before = await world.rows.digest(theirs)

    shown = set()
    for field in MUTATIONS:
        if not field.slots:
            # A fresh caller for each: one of them signs out.
            user = await member(web, world.inside.place.company_id)
            answer = await web.ask(field.document(world.theirs.id_for(field), WORDS), user)
            shown.update(world.theirs.found_in(answer.body))

    assert shown == set()
    assert changed_between(before, await world.rows.digest(theirs)) == []


async def test_without_the_scope_no_mutation_does_anything(walled: Walled) -> None:
    web, world = walled.web, walled.world

    attempts, got_through = Attempts(walled), {}
    for role, user in (await with_every_role(web, world.inside)).items():
        for field in MUTATIONS:
            if not holds(role, field.scope):
                document = field.document(world.inside.id_for(field), WORDS)
                attempted = await attempts.make(user, document)
                if not attempted.is_refused(field, {"FORBIDDEN"}):
                    got_through[role, field.name] = attempted

    assert got_through == {}


async def test_without_a_caller_no_mutation_does_anything(walled: Walled) -> None:
    world = walled.world

    attempts, got_through = Attempts(walled), {}
    for field in MUTATIONS:
        document = field.document(world.inside.id_for(field), WORDS)
        attempted = await attempts.make(None, document)
        if not attempted.is_refused(field, {"UNAUTHENTICATED"}):
            got_through[field.name] = attempted

    assert got_through == {}


async def test_an_id_that_is_none_is_named_by_its_place_in_the_input(walled: Walled) -> None:
    web, home = walled.web, walled.world.inside
    member_of_company = await member(web, home.place.company_id)
    staff = await web.developer()

    named = {}
    for field in root_fields("Mutation"):
        of_platform = field.scope == Scope.PLATFORM_WRITE.name
        for slot in field.slots:
            document = naming(field, slot, home, lambda _: "nonsense")
            answer = await web.ask(document, staff if of_platform else member_of_company)
            found = [error["extensions"].get("argument") for error in answer.body["errors"]]
            named[field.name, slot.path] = found

    assert {place: found for place, found in named.items() if found != [place[1]]} == {}
