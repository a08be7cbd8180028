"""A guard looks at the caller of the moment, also while a subscription runs."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from graphql import GraphQLError
from strawberry.types.field import StrawberryField

from api.caller import Caller
from api.context import Info
from api.errors import Forbidden, Unauthenticated
from api.permissions.requires import public, requires, signed_in
from db.enums import Role, Scope
from db.ids import CompanyId, SessionId, UserId
from domain.identity.roles import scopes_of
from tests.factories import NOW

ADMINISTRATOR = Caller(
    user_id=UserId(1),
    session_id=SessionId(1),
    name="Deniz",
    company_id=CompanyId(1),
    role=Role.ADMINISTRATOR,
    scopes=scopes_of(Role.ADMINISTRATOR),
    locale="en",
    time_zone="UTC",
    expires_at=NOW,
)
STRANGER = replace(ADMINISTRATOR, scopes=frozenset())


@dataclass
class FakeContext:
    caller: Caller | None


@dataclass
class FakeInfo:
    context: FakeContext


def asking(caller: Caller | None) -> tuple[FakeContext, Info]:
    context = FakeContext(caller)
    return context, cast("Info", FakeInfo(context))


def value(_source: object, _info: Info) -> str:
    return "value"


async def events(_source: object, _info: Info) -> AsyncGenerator[int, None]:
    yield 1
    yield 2


@pytest.mark.parametrize(
    ("caller", "refusal"),
    [
        pytest.param(None, Unauthenticated, id="nobody"),
        pytest.param(STRANGER, Forbidden, id="somebody without the scope"),
    ],
)
def test_a_field_is_not_resolved_for_who_may_not_see_it(
    caller: Caller | None, refusal: type[GraphQLError]
) -> None:
    asked = []
    _, info = asking(caller)

    with pytest.raises(refusal):
        requires(Scope.METERS_READ).resolve(lambda *_: asked.append(1), None, info)

    assert asked == []


def test_who_may_see_a_field_gets_it_without_waiting() -> None:
    assert requires(Scope.METERS_READ).resolve(value, None, asking(ADMINISTRATOR)[1]) == "value"
    assert signed_in().resolve(value, None, asking(STRANGER)[1]) == "value"
    assert public().resolve(value, None, asking(None)[1]) == "value"


async def test_a_subscription_ends_when_the_scope_is_taken_away() -> None:
    context, info = asking(ADMINISTRATOR)
    stream: AsyncGenerator[Any, None] = requires(Scope.METERS_READ).resolve(events, None, info)

    first = await anext(stream)
    context.caller = STRANGER

    assert first == 1
    with pytest.raises(Forbidden):
        await anext(stream)


def test_a_guard_is_printed_once_however_often_it_is_applied() -> None:
    guard, field = requires(Scope.METERS_READ), StrawberryField(description="What it is.")

    guard.apply(field)
    guard.apply(field)

    assert field.description == "What it is. Requires the scope METERS_READ."
    assert field.directives == [guard.directive]
