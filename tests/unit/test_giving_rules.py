"""Who may give whom which role, and where."""

import pytest

from db.enums import Role, Scope
from db.ids import BranchId, FieldId, RoleId, SubscriberId, UserId
from domain.identity.roles import SCOPES
from domain.identity.rules import (
    GivenRole,
    Giver,
    Place,
    PlaceNotHeld,
    ScopeNotHeld,
    check_choice,
    check_place,
    check_scopes,
)
from domain.refusals import InvalidValue
from tests.refusals import refusal

COMPANY = Place()
NORTH, SOUTH = Place(branch_id=BranchId(1)), Place(branch_id=BranchId(2))
MALL, MARKET = Place(field_id=FieldId(11)), Place(field_id=FieldId(12))
SUBSCRIBER = Place(subscriber_id=SubscriberId(21))
# The mall is in the north, the market in the south.
BRANCHES = {MALL: BranchId(1), MARKET: BranchId(2)}


def giver(place: Place, role: Role = Role.ADMINISTRATOR) -> Giver:
    return Giver(user_id=UserId(1), scopes=SCOPES[role], place=place)


@pytest.mark.parametrize(
    ("own", "allowed"),
    [
        pytest.param(COMPANY, {COMPANY, NORTH, SOUTH, MALL, MARKET, SUBSCRIBER}, id="company"),
        pytest.param(NORTH, {NORTH, MALL}, id="branch"),
        pytest.param(MARKET, {MARKET}, id="field"),
        pytest.param(SUBSCRIBER, set(), id="subscriber"),
    ],
)
def test_a_place_is_given_from_within(own: Place, allowed: set[Place]) -> None:
    given = set()
    for place in (COMPANY, NORTH, SOUTH, MALL, MARKET, SUBSCRIBER):
        try:
            check_place(giver(own), place, branch_of_field=BRANCHES.get(place))
        except PlaceNotHeld:
            continue
        given.add(place)

    assert given == allowed


def test_scopes_that_are_not_held_are_named() -> None:
    scopes = frozenset({Scope.METERS_READ, Scope.USERS_WRITE, Scope.AUDIT_READ})

    with pytest.raises(ScopeNotHeld) as refused:
        check_scopes(giver(COMPANY, Role.PARTNER), scopes, "role")

    assert refused.value.scopes == [Scope.AUDIT_READ, Scope.USERS_WRITE]
    assert refused.value.path == ("role",)


@pytest.mark.parametrize(
    ("given", "place", "path"),
    [
        pytest.param(GivenRole(), COMPANY, ("role",), id="no role"),
        pytest.param(
            GivenRole(role=Role.AUDITOR, role_id=RoleId(1)), COMPANY, ("role",), id="two roles"
        ),
        pytest.param(GivenRole(role=Role.DEVELOPER), COMPANY, ("role",), id="the platform's"),
        pytest.param(
            GivenRole(role=Role.AUDITOR),
            Place(branch_id=BranchId(1), field_id=FieldId(11)),
            ("place",),
            id="two places",
        ),
        pytest.param(GivenRole(role=Role.SUBSCRIBER), NORTH, ("place",), id="of no subscriber"),
        pytest.param(GivenRole(role=Role.AUDITOR), SUBSCRIBER, ("place",), id="of a subscriber"),
        pytest.param(GivenRole(role_id=RoleId(1)), SUBSCRIBER, ("place",), id="own for one"),
    ],
)
def test_what_does_not_fit_is_refused(
    given: GivenRole, place: Place, path: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidValue) as refused:
        check_choice(given, place)

    assert refused.value.path == path


@pytest.mark.parametrize(
    ("given", "place"),
    [
        pytest.param(GivenRole(role=Role.ADMINISTRATOR), COMPANY, id="built in"),
        pytest.param(GivenRole(role_id=RoleId(1)), MALL, id="own"),
        pytest.param(GivenRole(role=Role.SUBSCRIBER), SUBSCRIBER, id="of a subscriber"),
    ],
)
def test_what_fits_is_let_through(given: GivenRole, place: Place) -> None:
    assert refusal(lambda: check_choice(given, place)) is None
