"""The end of an account: charged to its final indexes, settled, and its points free at once."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from db import access
from db.enums import BillingMode, RefundWay
from db.ids import AccountId, SubscriberId
from domain.accounts import closing, operations, settling, suspension
from domain.accounts.closing import Ending, Successor
from domain.accounts.settling import NotClosed, NothingSettled, PaymentInFlight
from domain.accounts.suspension import AccountClosed, AlreadySuspended, NotSuspended
from domain.billing.claims import AlreadyBilled, IndexFell
from domain.ledger import operations as ledger
from domain.ledger.queries import balance_of, verify
from domain.metering import premises
from domain.refusals import (
    InTheFuture,
    InUse,
    InvalidValue,
    NotThere,
    ParentInactive,
    Refused,
    StaleVersion,
)
from domain.subscribers import operations as subscribers
from tests.db.exchanges import HOUR, PRICE, fetch, store
from tests.factories import (
    KEYRING,
    NOW,
    Place,
    Supply,
    account_of,
    add_supply,
    make_place,
    open_account,
)

AT = NOW - 5 * HOUR


@pytest.fixture
async def place(connected: None) -> Place:
    return await make_place(price=PRICE)


def ending(*supplies: Supply, index_wh: int = 5_000, **changes: Any) -> Ending:
    facts: dict[str, Any] = {
        "at": AT,
        "final_indexes": {supply.point_id: index_wh for supply in supplies},
        "refund_by": RefundWay.CASH,
        **changes,
    }
    return Ending(**facts)


async def close(place: Place, *, version: int = 1, **changes: Any) -> AccountId:
    return await closing.close(
        company_id=place.company_id,
        account_id=account_of(place),
        expected_version=version,
        ending=ending(place.supplies[0], **changes),
        now=NOW,
    )


async def take_over(place: Place, subscriber_id: SubscriberId, **changes: Any) -> AccountId:
    return await closing.change_tenancy(
        company_id=place.company_id,
        account_id=account_of(place),
        expected_version=1,
        ending=ending(place.supplies[0]),
        successor=Successor(**{"number": "NEW", "subscriber_id": subscriber_id, **changes}),
        now=NOW,
    )


async def top_up(place: Place, amount: int) -> None:
    await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(amount),
        idempotency_key=f"k{amount}",
        occurred_at=AT - HOUR,
    )


async def newcomer(place: Place) -> SubscriberId:
    return await subscribers.create(
        company_id=place.company_id,
        reference="newcomer",
        contact={"name": "Fatma Çelik"},
        keyring=KEYRING,
    )


async def sides(place: Place) -> dict[str, Decimal]:
    """Return what each side of the company's books sums to."""
    rows = await fetch(
        "select l.kind, sum(e.amount) as total from entry e"
        " join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id"
        " where e.company_id = $1 group by l.kind",
        place.company_id,
    )
    return {row["kind"]: row["total"] for row in rows}


async def owed(account_id: AccountId) -> Decimal:
    ((row),) = await fetch(
        "select debt_micro from account_balance where account_id = $1", account_id
    )
    return Decimal(row["debt_micro"]).scaleb(-6)


async def books_agree(place: Place) -> None:
    await ledger.close_days(now=NOW + timedelta(days=1))
    assert await verify() == []


async def test_what_is_left_is_paid_out_after_the_final_charge(place: Place) -> None:
    await top_up(place, 100)
    await store(place, (place.supplies[0], 8, 3_000))

    await close(place)

    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == 0
    await books_agree(place)
    assert await sides(place) == {
        "CASH": Decimal(-5 * PRICE),
        "CREDIT": Decimal(0),
        "REVENUE": 5 * PRICE,
    }


async def test_what_lacks_is_claimed_as_debt(place: Place) -> None:
    await close(place, refund_by=RefundWay.BANK)

    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == 0
    assert await owed(account_of(place)) == 5 * PRICE
    await books_agree(place)


async def test_energy_after_the_end_is_charged_to_nobody_without_an_owner(place: Place) -> None:
    await close(place)
    await store(place, (place.supplies[0], 1, 9_000))

    assert await owed(account_of(place)) == 5 * PRICE
    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == 0


async def test_premises_are_free_at_once(place: Place) -> None:
    supply = place.supplies[0]
    await close(place)

    taken = await open_account(
        place, {supply.point_id: 6_000}, supply.premises_id, opened_at=NOW - 2 * HOUR
    )
    await store(place, (supply, 1, 9_000))

    assert await balance_of(company_id=place.company_id, account_id=taken) == -3 * PRICE
    await books_agree(place)


async def test_the_owner_pays_between_two_subscribers(place: Place) -> None:
    supply = place.supplies[0]
    owner = account_of(place, place.supplies.index(await add_supply(place)))
    await premises.set_owner_account(
        company_id=place.company_id,
        premises_id=supply.premises_id,
        expected_version=1,
        account_id=owner,
    )

    await close(place)
    await store(place, (supply, 4, 6_000))
    taken = await open_account(
        place, {supply.point_id: 7_000}, supply.premises_id, opened_at=NOW - 2 * HOUR
    )
    await store(place, (supply, 1, 9_000))

    assert await owed(account_of(place)) == 5 * PRICE
    assert await balance_of(company_id=place.company_id, account_id=owner) == -2 * PRICE
    assert await balance_of(company_id=place.company_id, account_id=taken) == -2 * PRICE
    await books_agree(place)


async def test_a_new_subscriber_takes_over_at_the_same_index_without_debt(place: Place) -> None:
    supply = place.supplies[0]
    await store(place, (supply, 8, 3_000))

    taken = await take_over(place, await newcomer(place))
    await store(place, (supply, 1, 9_000))

    assert await owed(account_of(place)) == 5 * PRICE
    assert await owed(taken) == 0
    assert await balance_of(company_id=place.company_id, account_id=taken) == -4 * PRICE
    ((made),) = await fetch(
        "select tariff_id, billing_mode, premises_id, opened_at from account where id = $1", taken
    )
    assert made == {
        "tariff_id": place.tariff_id,
        "billing_mode": BillingMode.PREPAID,
        "premises_id": supply.premises_id,
        "opened_at": AT,
    }
    await books_agree(place)


async def test_repeating_an_end_changes_nothing(place: Place) -> None:
    await top_up(place, 100)
    new = await newcomer(place)

    first = await take_over(place, new)
    again = await take_over(place, new)
    with pytest.raises(AccountClosed):
        await close(place, version=2, index_wh=6_000)
    with pytest.raises(AccountClosed):
        await take_over(place, new, number="OTHER")

    assert again == first
    assert len(await fetch("select from account")) == 2
    assert len(await fetch("select from journal where kind = 'SETTLEMENT'")) == 1


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"at": NOW + HOUR}, InTheFuture, id="not yet"),
        pytest.param({"at": NOW - 90 * 24 * HOUR}, InvalidValue, id="before it was opened"),
        pytest.param({"at": NOW - 10 * HOUR}, AlreadyBilled, id="before what is charged"),
        pytest.param({"index_wh": 2_000}, IndexFell, id="a register that went back"),
        pytest.param({"index_wh": -1}, InvalidValue, id="no index"),
        pytest.param({"final_indexes": {}}, InvalidValue, id="no points"),
        pytest.param({"version": 7}, StaleVersion, id="changed meanwhile"),
    ],
)
async def test_an_end_that_cannot_be_is_refused_and_changes_nothing(
    place: Place, changes: dict[str, Any], refusal: type[Refused]
) -> None:
    await store(place, (place.supplies[0], 8, 3_000))

    with pytest.raises(refusal):
        await close(place, **changes)

    assert await fetch("select closed_at, version from account") == [
        {"closed_at": None, "version": 1}
    ]
    assert await fetch("select ended_at from account_point") == [{"ended_at": None}]
    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == -3 * PRICE
    assert await fetch("select from journal") == []


async def test_each_point_needs_its_index(place: Place) -> None:
    other = await add_supply(place, with_account=False)

    with pytest.raises(InvalidValue):
        await close(place, final_indexes={place.supplies[0].point_id: 5_000, other.point_id: 0})

    assert await fetch("select closed_at from account") == [{"closed_at": None}]


async def test_a_payment_in_flight_is_waited_for(place: Place) -> None:
    async with access.system() as connection:
        await connection.execute("update account_balance set in_flight_micro = 1")

    with pytest.raises(PaymentInFlight):
        await close(place)

    assert await fetch("select closed_at from account") == [{"closed_at": None}]


async def test_what_comes_after_the_end_is_settled_later(place: Place) -> None:
    await close(place)
    async with access.system() as connection:
        await connection.execute(
            "update accrual set charged_micro = charged_micro + 3000000 where account_id = $1",
            account_of(place),
        )
        await connection.execute(
            "update account_balance set balance_micro = -3000000 where account_id = $1",
            account_of(place),
        )

    for _ in range(2):
        await settling.settle_closed(
            company_id=place.company_id,
            account_id=account_of(place),
            refund_by=RefundWay.CASH,
            now=NOW,
        )

    assert await owed(account_of(place)) == 5 * PRICE + 3
    assert len(await fetch("select from journal where kind = 'SETTLEMENT'")) == 2
    await books_agree(place)


async def test_a_settlement_is_undone_by_its_opposite_and_made_otherwise(place: Place) -> None:
    await top_up(place, 100)
    await close(place)

    await settling.reverse_settlement(
        company_id=place.company_id, account_id=account_of(place), reason="paid to a bank", now=NOW
    )
    left = await balance_of(company_id=place.company_id, account_id=account_of(place))
    with pytest.raises(NothingSettled):
        await settling.reverse_settlement(
            company_id=place.company_id, account_id=account_of(place), reason="again", now=NOW
        )
    await settling.settle_closed(
        company_id=place.company_id,
        account_id=account_of(place),
        refund_by=RefundWay.BANK,
        now=NOW,
    )

    assert left == 100 - 5 * PRICE
    assert (await sides(place))["BANK"] == left
    await books_agree(place)


async def test_an_open_account_is_not_settled(place: Place) -> None:
    await top_up(place, 100)

    with pytest.raises(NotClosed):
        await settling.settle_closed(
            company_id=place.company_id,
            account_id=account_of(place),
            refund_by=RefundWay.CASH,
            now=NOW,
        )

    assert await balance_of(company_id=place.company_id, account_id=account_of(place)) == 100


async def test_an_owners_account_stays_while_premises_name_it(place: Place) -> None:
    await premises.set_owner_account(
        company_id=place.company_id,
        premises_id=place.supplies[0].premises_id,
        expected_version=1,
        account_id=account_of(place),
    )

    with pytest.raises(InUse):
        await close(place)

    assert await fetch("select closed_at from account") == [{"closed_at": None}]


async def test_an_account_that_has_ended_is_no_owners(place: Place) -> None:
    await close(place)

    with pytest.raises(ParentInactive):
        await premises.set_owner_account(
            company_id=place.company_id,
            premises_id=place.supplies[0].premises_id,
            expected_version=1,
            account_id=account_of(place),
        )

    assert await fetch("select owner_account_id, version from premises") == [
        {"owner_account_id": None, "version": 1}
    ]


async def test_of_two_who_take_over_at_once_one_does(place: Place) -> None:
    new = await newcomer(place)

    found = await asyncio.gather(
        *(take_over(place, new, number=f"N{number}") for number in range(5)),
        return_exceptions=True,
    )

    assert (
        sorted(type(one).__name__ for one in found if isinstance(one, Exception))
        == ["AccountClosed"] * 4
    )
    assert len(await fetch("select from account")) == 2


async def test_an_account_changes_between_prepaid_and_postpaid(place: Place) -> None:
    await operations.update(
        company_id=place.company_id,
        account_id=account_of(place),
        expected_version=1,
        changes={"billing_mode": BillingMode.POSTPAID},
    )

    assert await fetch("select billing_mode, version from account") == [
        {"billing_mode": "POSTPAID", "version": 2}
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


async def test_an_account_that_has_ended_does_not_change(place: Place) -> None:
    which: dict[str, Any] = {"company_id": place.company_id, "account_id": account_of(place)}
    await close(place)

    with pytest.raises(AccountClosed):
        await suspension.suspend(**which, expected_version=2, reason="late", now=NOW)
    with pytest.raises(AccountClosed):
        await suspension.resume(**which, expected_version=2)
    with pytest.raises(AccountClosed):
        await operations.update(**which, expected_version=2, changes={"number": "X"})

    assert [row["version"] for row in await fetch("select version from account")] == [2]


async def test_another_companys_account_is_not_there(place: Place) -> None:
    other = await make_place()

    with pytest.raises(NotThere):
        await closing.close(
            company_id=other.company_id,
            account_id=account_of(place),
            expected_version=1,
            ending=ending(place.supplies[0]),
            now=NOW,
        )

    assert await fetch("select from account where closed_at is not null") == []
