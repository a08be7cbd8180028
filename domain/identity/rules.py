"""Who may give whom which role, and where. Pure: nobody hands out more than they hold."""

from collections.abc import Collection
from dataclasses import dataclass

from db.enums import Role, Scope
from db.ids import BranchId, FieldId, RoleId, SubscriberId, UserId
from domain.refusals import InvalidValue, Refused


class ScopeNotHeld(Refused):
    """A role has scopes that whoever gives, changes or takes it does not hold."""

    def __init__(self, *path: str, scopes: Collection[Scope]) -> None:
        self.scopes = sorted(scopes)
        super().__init__(*path, scopes=", ".join(scope.name for scope in self.scopes))


class PlaceNotHeld(Refused):
    """The place is not within the one that whoever gives it is confined to."""


class LastAdministrator(Refused):
    """A company keeps one active administrator of the whole of it."""


class RoleRetired(Refused):
    """The role is not in use any more; nobody new gets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a membership is confined to: one of these, or the whole company."""

    branch_id: BranchId | None = None
    field_id: FieldId | None = None
    subscriber_id: SubscriberId | None = None

    @property
    def is_whole_company(self) -> bool:
        return (self.branch_id, self.field_id, self.subscriber_id) == (None, None, None)


WHOLE_COMPANY = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRole:
    """A built-in role, or one of the company's own."""

    role: Role | None = None
    role_id: RoleId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Giver:
    """Somebody who gives, changes and takes roles in a company."""

    user_id: UserId
    scopes: frozenset[Scope]
    place: Place


def check_choice(given: GivenRole, place: Place) -> None:
    """Return if this is one role, and it fits the place.

    :raises InvalidValue: it does not
    """
    if (given.role is None) == (given.role_id is None):
        raise InvalidValue("role", expected="either a built-in role or one of the company's own")
    if given.role is Role.DEVELOPER:
        raise InvalidValue("role", expected="a role of companies")
    if sum(part is not None for part in (place.branch_id, place.field_id, place.subscriber_id)) > 1:
        raise InvalidValue("place", expected="one place")
    if (given.role is Role.SUBSCRIBER) != (place.subscriber_id is not None):
        raise InvalidValue("place", expected="a subscriber for the role SUBSCRIBER, and no other")


def check_scopes(giver: Giver, scopes: frozenset[Scope], *path: str) -> None:
    """Return if the giver holds them all.

    :raises ScopeNotHeld: with those that the giver does not
    """
    if missing := scopes - giver.scopes:
        raise ScopeNotHeld(*path, scopes=missing)


def check_place(giver: Giver, place: Place, *, branch_of_field: BranchId | None) -> None:
    """Return if the place lies within the giver's.

    branch_of_field: of the field that `place` names, if it names one.

    :raises PlaceNotHeld: it does not; what concerns subscribers is for the whole company
    """
    own = giver.place
    if own.is_whole_company:
        return
    in_branch = own.branch_id is not None and own.branch_id in (place.branch_id, branch_of_field)
    in_field = own.field_id is not None and own.field_id == place.field_id
    if not (in_branch or in_field):
        raise PlaceNotHeld("place")
