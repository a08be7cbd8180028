"""What a key may be, and what it may do at most. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from db.enums import Scope
from db.ids import BranchId, DocumentId, UserId
from domain import values
from domain.documents.rules import PARTNER_CHARACTERS_MAX
from domain.identity.rules import WHOLE_COMPANY, Place, PlaceNotHeld, ScopeNotHeld
from domain.refusals import InvalidValue, Refused

NAME_CHARACTERS_MAX = 100
ADDRESSES_MAX = 50
DOCUMENTS_MAX = 100
COST_MAX_MIN = 1_000
COST_PER_S_MIN = 1
OVERLAP = timedelta(days=1)
OVERLAP_MAX = timedelta(days=30)
LIVE_MAX = 1_000
LIVE_OF_A_NAME_MAX = 2

Network = IPv4Network | IPv6Network


class TooManyKeys(Refused):
    """The company has as many live keys as it may."""


class RotationUnderWay(Refused):
    """The key has been rotated already: two of its name are live."""


class KeyEnded(Refused):
    """The key is revoked, or has expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Who makes a key: the most that the key may have.

    cost_max, cost_per_s: the largest budget that may be given.
    """

    scopes: frozenset[Scope]
    place: Place
    cost_max: int
    cost_per_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key to make.

    partner: whose documents it runs; None: anybody's in the company. document_ids: only these.
    user_id: whom it is given to; it never does more than that user may.
    addresses: from where it may be used; none: from anywhere.
    cost_max, cost_per_s: its budget; None: everybody's.
    """

    name: str
    scopes: frozenset[Scope]
    partner: str | None = None
    document_ids: Sequence[DocumentId] | None = None
    place: Place = WHOLE_COMPANY
    user_id: UserId | None = None
    addresses: Sequence[str] = ()
    cost_max: int | None = None
    cost_per_s: int | None = None
    expires_at: datetime | None = None


def check_key(key: NewKey, *, maker: Maker, now: datetime) -> None:
    """Return if the maker may make this key, wherever it is confined to.

    :raises ScopeNotHeld: it would do more than its maker
    :raises InvalidValue: it is not what a key can be
    """
    values.name(key.name, "name", characters_max=NAME_CHARACTERS_MAX)
    values.optional_name(key.partner, "partner", characters_max=PARTNER_CHARACTERS_MAX)
    if not key.scopes:
        raise InvalidValue("scopes", expected="at least one scope")
    check_scopes(key.scopes, maker=maker)
    if key.document_ids is not None and not 1 <= len(key.document_ids) <= DOCUMENTS_MAX:
        raise InvalidValue("document_ids", expected=f"1 to {DOCUMENTS_MAX} documents")
    if key.expires_at is not None and key.expires_at <= now:
        raise InvalidValue("expires_at", expected="a moment to come")
    networks(key.addresses)
    for field, value, minimum, maximum in (
        ("cost_max", key.cost_max, COST_MAX_MIN, maker.cost_max),
        ("cost_per_s", key.cost_per_s, COST_PER_S_MIN, maker.cost_per_s),
    ):
        if value is not None:
            values.whole_number(value, field, minimum=minimum, maximum=maximum)


def check_scopes(scopes: frozenset[Scope], *, maker: Maker) -> None:
    """Return if the maker holds them all.

    :raises ScopeNotHeld: with those that the maker does not
    """
    if missing := scopes - maker.scopes:
        raise ScopeNotHeld("scopes", scopes=missing)


def check_place(place: Place, *, maker: Maker, branch_of_field: BranchId | None) -> None:
    """Return if the place lies within the maker's.

    branch_of_field: of the field that `place` names, if it names one.

    :raises PlaceNotHeld: it does not
    """
    if narrower(maker.place, place, branch_of_other=branch_of_field) != place:
        raise PlaceNotHeld("place")


def networks(texts: Sequence[str]) -> list[Network]:
    """Return what addresses and networks mean.

    :raises InvalidValue: one is none, or there are too many
    """
    if len(texts) > ADDRESSES_MAX:
        raise InvalidValue("addresses", expected=f"at most {ADDRESSES_MAX} networks")
    try:
        return [ip_network(text) for text in texts]
    except ValueError:
        expected = "addresses and networks such as 192.0.2.0/24 or 2001:db8::/32"
        raise InvalidValue("addresses", expected=expected) from None


def is_allowed(address: str, allowed: Sequence[Network]) -> bool:
    """Return whether a key may be used from an address."""
    if not allowed:
        return True
    try:
        found = ip_address(address)
    except ValueError:
        return False
    # An IPv4 client of a socket for both reads as ::ffff:192.0.2.1.
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in allowed)


def narrower(
    place: Place,
    other: Place,
    *,
    branch_of_place: BranchId | None = None,
    branch_of_other: BranchId | None = None,
) -> Place | None:
    """Return the place that lies within both, or None if there is none.

    branch_of_place, branch_of_other: the branch of the field that it names, if it names one.
    """
    if place.is_whole_company or place == other:
        return other
    if other.is_whole_company:
        return place
    if place.branch_id is not None and place.branch_id == branch_of_other:
        return other
    if other.branch_id is not None and other.branch_id == branch_of_place:
        return place
    return None


def end_of_old(ends_at: datetime | None, *, now: datetime) -> datetime:
    """Return when the older of two keys ends.

    :raises InvalidValue: `ends_at` is past, or too far away
    """
    end = now + OVERLAP if ends_at is None else ends_at
    if not now <= end <= now + OVERLAP_MAX:
        expected = f"from now on, and within {OVERLAP_MAX.days} days"
        raise InvalidValue("old_ends_at", expected=expected)
    return end


def end_of_new(*, made_at: datetime, ends_at: datetime | None, now: datetime) -> datetime | None:
    """Return when a key's successor ends: it lives as long as the key was made for."""
    if ends_at is None:
        return None
    try:
        return now + (ends_at - made_at)
    except OverflowError:
        # It would outlive the calendar.
        return ends_at
