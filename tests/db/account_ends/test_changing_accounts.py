"""An account is changed and suspended until it has ended."""

from decimal import Decimal
from typing import Any

import pytest

from db.enums import BillingMode
from domain.accounts import operations, suspension
from domain.accounts.suspension import AccountClosed, AlreadySuspended, NotSuspended
from domain.refusals import StaleVersion
from tests.db.account_ends.ending import close
from tests.db.exchanges import fetch
from tests.factories import NOW, Place, account_of


async def test_an_account_changes_between_prepaid_and_postpaid(place: Place) -> None:
    await operations.update(
        company_id=place.company_id,
        account_id=account_of(place),
        expected_version=1,
        changes={"billing_mode": BillingMode.POSTPAID},
        now=NOW,
    )

    assert await fetch("select billing_mode, version from account") == [
        {"billing_mode": "POSTPAID", "version": 2}
    ]


async def test_changing_an_account_may_be_repeated(place: Place) -> None:
    which: dict[str, Any] = {
        "company_id": place.company_id,
        "account_id": account_of(place),
        "now": NOW,
    }
    change = {"billing_mode": BillingMode.POSTPAID, "warning_limit": Decimal(5)}

    for _ in range(2):
        await operations.update(**which, expected_version=1, changes=change)

    with pytest.raises(StaleVersion):
        await operations.update(**which, expected_version=1, changes={"warning_limit": Decimal(6)})
    assert await fetch("select billing_mode, warning_limit_micro, version from account") == [
        {"billing_mode": "POSTPAID", "warning_limit_micro": 5_000_000, "version": 2}
    ]


async def test_an_account_is_suspended_and_resumed(place: Place) -> None:
    which: dict[str, Any] = {"company_id": place.company_id, "account_id": account_of(place)}

    await suspension.suspend(**which, expected_version=1, reason="moved abroad", now=NOW)
    suspended = await fetch("select suspended_at, suspension_reason from account")
    with pytest.raises(AlreadySuspended):
        await suspension.suspend(**which, expected_version=2, reason="again", now=NOW)
    await suspension.resume(**which, expected_version=2)
    with pytest.raises(NotSuspended):
        await suspension.resume(**which, expected_version=3)

    assert suspended == [{"suspended_at": NOW, "suspension_reason": "moved abroad"}]
    assert await fetch("select suspended_at, suspension_reason, version from account") == [
        {"suspended_at": None, "suspension_reason": None, "version": 3}
    ]


async def test_suspending_and_resuming_may_be_repeated(place: Place) -> None:
    which: dict[str, Any] = {"company_id": place.company_id, "account_id": account_of(place)}
    suspending = {**which, "expected_version": 1, "reason": "moved abroad", "now": NOW}

    for _ in range(2):
        await suspension.suspend(**suspending)
    with pytest.raises(AlreadySuspended):
        await suspension.suspend(**{**suspending, "reason": "another"})
    for _ in range(2):
        await suspension.resume(**which, expected_version=2)

    assert await fetch("select suspended_at, version from account") == [
        {"suspended_at": None, "version": 3}
    ]


async def test_an_account_that_has_ended_does_not_change(place: Place) -> None:
    which: dict[str, Any] = {"company_id": place.company_id, "account_id": account_of(place)}
    await close(place)

    with pytest.raises(AccountClosed):
        await suspension.suspend(**which, expected_version=2, reason="late", now=NOW)
    with pytest.raises(AccountClosed):
        await suspension.resume(**which, expected_version=2)
    with pytest.raises(AccountClosed):
        await operations.update(**which, expected_version=2, changes={"number": "X"}, now=NOW)

    assert [row["version"] for row in await fetch("select version from account")] == [2]
