"""What a key may be, and that it never does more than its maker."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from db.enums import Scope
from db.ids import BranchId, FieldId, SubscriberId
from domain.identity.rules import Place, PlaceNotHeld, ScopeNotHeld
from domain.keys.rules import (
    Maker,
    NewKey,
    check_key,
    check_place,
    end_of_new,
    end_of_old,
    is_allowed,
    narrower,
)
from domain.refusals import InvalidValue
from tests.factories import NOW
from tests.refusals import refusal

WHOLE = Place()
BRANCH = Place(branch_id=BranchId(1))
OTHER_BRANCH = Place(branch_id=BranchId(2))
FIELD = Place(field_id=FieldId(10))
OTHER_FIELD = Place(field_id=FieldId(20))
SUBSCRIBER = Place(subscriber_id=SubscriberId(5))
MAKER = Maker(
    scopes=frozenset({Scope.METERS_READ, Scope.READINGS_READ}),
    place=WHOLE,
    cost_max=20_000,
    cost_per_s=500,
)
KEY = NewKey(name="billing", scopes=frozenset({Scope.METERS_READ}))


def test_a_key_within_its_makers_rights_may_be() -> None:
    utmost = replace(
        KEY,
        scopes=MAKER.scopes,
        addresses=["192.0.2.0/24", "2001:db8::1"],
        cost_max=20_000,
        cost_per_s=1,
        expires_at=NOW + timedelta(seconds=1),
    )

    assert refusal(lambda: check_key(KEY, maker=MAKER, now=NOW)) is None
    assert refusal(lambda: check_key(utmost, maker=MAKER, now=NOW)) is None


def test_a_key_with_a_scope_more_than_its_maker_may_not_be() -> None:
    scopes = frozenset({Scope.METERS_READ, Scope.BALANCES_READ, Scope.KEYS_WRITE})

    with pytest.raises(ScopeNotHeld) as refused:
        check_key(replace(KEY, scopes=scopes), maker=MAKER, now=NOW)

    assert refused.value.scopes == [Scope.BALANCES_READ, Scope.KEYS_WRITE]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"name": " "}, "name", id="no name"),
        pytest.param({"name": "x" * 101}, "name", id="long name"),
        pytest.param({"partner": ""}, "partner", id="no partner's name"),
        pytest.param({"scopes": frozenset()}, "scopes", id="no scope"),
        pytest.param({"document_ids": []}, "document_ids", id="an empty list of documents"),
        pytest.param({"document_ids": [1] * 101}, "document_ids", id="many documents"),
        pytest.param({"expires_at": NOW}, "expires_at", id="ends at once"),
        pytest.param({"addresses": ["192.0.2.1/24"]}, "addresses", id="host bits"),
        pytest.param({"addresses": ["example.com"]}, "addresses", id="a name"),
        pytest.param({"addresses": ["192.0.2.1"] * 51}, "addresses", id="many addresses"),
        pytest.param({"cost_max": 999}, "cost_max", id="less than an operation"),
        pytest.param({"cost_max": 20_001}, "cost_max", id="more than everybody"),
        pytest.param({"cost_per_s": 0}, "cost_per_s", id="nothing a second"),
        pytest.param({"cost_per_s": 501}, "cost_per_s", id="more a second than everybody"),
    ],
)
def test_what_a_key_cannot_be_is_named(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        check_key(replace(KEY, **changes), maker=MAKER, now=NOW)  # type: ignore[arg-type] # wrong on purpose

    assert refused.value.path == (field,)


@pytest.mark.parametrize(
    ("maker", "key", "branch_of_field", "allowed"),
    [
        pytest.param(WHOLE, WHOLE, None, True, id="all by all"),
        pytest.param(WHOLE, BRANCH, None, True, id="branch by all"),
        pytest.param(WHOLE, FIELD, 1, True, id="field by all"),
        pytest.param(BRANCH, WHOLE, None, False, id="all by branch"),
        pytest.param(BRANCH, BRANCH, None, True, id="own branch"),
        pytest.param(BRANCH, OTHER_BRANCH, None, False, id="other branch"),
        pytest.param(BRANCH, FIELD, 1, True, id="field of own branch"),
        pytest.param(BRANCH, FIELD, 2, False, id="field of other branch"),
        pytest.param(FIELD, WHOLE, None, False, id="all by field"),
        pytest.param(FIELD, BRANCH, None, False, id="branch by field"),
        pytest.param(FIELD, FIELD, 1, True, id="own field"),
        pytest.param(FIELD, OTHER_FIELD, 1, False, id="other field"),
        pytest.param(SUBSCRIBER, WHOLE, None, False, id="all by subscriber"),
    ],
)
def test_a_key_is_confined_at_least_as_its_maker(
    maker: Place, key: Place, branch_of_field: BranchId | None, allowed: bool
) -> None:
    try:
        check_place(key, maker=replace(MAKER, place=maker), branch_of_field=branch_of_field)
    except PlaceNotHeld:
        assert not allowed
    else:
        assert allowed


@pytest.mark.parametrize(
    ("place", "other", "branch_of_place", "branch_of_other", "expected"),
    [
        pytest.param(WHOLE, SUBSCRIBER, None, None, SUBSCRIBER, id="all and subscriber"),
        pytest.param(BRANCH, WHOLE, None, None, BRANCH, id="branch and all"),
        pytest.param(BRANCH, FIELD, None, 1, FIELD, id="branch and its field"),
        pytest.param(FIELD, BRANCH, 1, None, FIELD, id="field and its branch"),
        pytest.param(FIELD, BRANCH, 2, None, None, id="field and another branch"),
        pytest.param(BRANCH, OTHER_BRANCH, None, None, None, id="two branches"),
        pytest.param(FIELD, OTHER_FIELD, 1, 1, None, id="two fields of a branch"),
        pytest.param(FIELD, SUBSCRIBER, 1, None, None, id="field and subscriber"),
    ],
)
def test_two_places_have_the_narrower_in_common(
    place: Place,
    other: Place,
    branch_of_place: BranchId | None,
    branch_of_other: BranchId | None,
    expected: Place | None,
) -> None:
    found = narrower(place, other, branch_of_place=branch_of_place, branch_of_other=branch_of_other)

    assert found == expected


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("192.0.3.7", False),
        ("2001:db8::7", True),
        ("2001:db9::7", False),
        ("", False),
        ("testclient", False),
    ],
)
def test_a_key_is_used_from_its_networks_alone(address: str, allowed: bool) -> None:
    networks = [ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")]

    assert is_allowed(address, networks) is allowed
    assert is_allowed(address, [])


def test_the_old_key_ends_within_a_month() -> None:
    assert end_of_old(None, now=NOW) == NOW + timedelta(days=1)
    assert end_of_old(NOW, now=NOW) == NOW
    assert end_of_old(NOW + timedelta(days=30), now=NOW) == NOW + timedelta(days=30)
    for wrong in (timedelta(seconds=-1), timedelta(days=30, seconds=1)):
        with pytest.raises(InvalidValue):
            end_of_old(NOW + wrong, now=NOW)


def test_the_new_key_lives_as_long_as_the_old_one_was_made_for() -> None:
    made_at = NOW - timedelta(days=80)

    assert end_of_new(made_at=made_at, ends_at=None, now=NOW) is None
    assert end_of_new(
        made_at=made_at, ends_at=made_at + timedelta(days=90), now=NOW
    ) == NOW + timedelta(days=90)


def test_a_key_that_was_made_for_all_times_to_come_has_such_a_successor() -> None:
    end_of_times = datetime.max.replace(tzinfo=UTC)

    assert (
        end_of_new(made_at=NOW - timedelta(days=80), ends_at=end_of_times, now=NOW) == end_of_times
    )
