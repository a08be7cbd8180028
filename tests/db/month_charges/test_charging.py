"""A month that has ended is charged as a whole, once, in the books and out of the balance."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from db import access
from db.enums import BillingMode, JournalKind, LedgerAccountKind
from domain.ledger.posting import post
from domain.ledger.queries import balance_of, verify
from domain.ledger.rules import Line, Posting
from domain.month_charges import runs
from tests.db.month_charges.world import (
    CHARGED_AT,
    ENDS_AT,
    FEBRUARY,
    LATER,
    MARCH_ENDS_AT,
    OPENED_AT,
    USED,
    add_factory,
    charged,
    make_monthly,
    read,
    rows,
    value,
    verdict,
    work,
)
from tests.factories import Place, account_of, make_place

JOURNALS = """
    select j.kind, j.energy_date, l.kind as side, l.code, e.amount
    from journal j
    join entry e on e.company_id = j.company_id and e.journal_id = j.id
    join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
    where j.kind = 'MONTH_CHARGE' order by j.id, e.line
"""


@pytest.mark.parametrize("billing_mode", BillingMode)
async def test_a_month_is_charged_when_it_has_ended(room: None, billing_mode: BillingMode) -> None:
    place = await make_monthly(billing_mode=billing_mode)
    await read(place, USED)
    before = await balance_of(company_id=place.company_id, account_id=account_of(place))

    posted = await work()

    assert posted == 1
    after = await balance_of(company_id=place.company_id, account_id=account_of(place))
    # 12.5 kW x 10 + 250 kvarh x 0.5, and 20 % on both.
    assert after - before == Decimal("-300.000000")
    assert await rows(JOURNALS) == [
        {
            "kind": "MONTH_CHARGE",
            "energy_date": FEBRUARY.last,
            "side": side,
            "code": code,
            "amount": Decimal(amount),
        }
        for side, code, amount in (
            ("CREDIT", None, "-300"),
            ("REVENUE", None, "250"),
            ("TAX", "VAT", "50"),
        )
    ]
    assert await verify() == []


async def test_lines_and_taxes_stand_beside_the_transaction(place: Place) -> None:
    await read(place, USED)

    await work()

    assert await rows(
        "select component, kind, quantity, unit, price, amount_micro from month_charge_line"
        " order by line"
    ) == [
        {
            "component": "Demand",
            "kind": "DEMAND",
            "quantity": Decimal("12.5"),
            "unit": "KW",
            "price": Decimal(10),
            "amount_micro": 125_000_000,
        },
        {
            "component": "Reactive",
            "kind": "REACTIVE",
            "quantity": Decimal(250),
            "unit": "KVARH",
            "price": Decimal("0.5"),
            "amount_micro": 125_000_000,
        },
    ]
    taxes = await rows(
        "select line, side, name, rate, base_micro, amount_micro from month_charge_tax"
        " order by line"
    )
    assert [tuple(tax.values()) for tax in taxes] == [
        (line, "TAX", "VAT", Decimal("0.2"), 125_000_000, 25_000_000) for line in (1, 2)
    ]


async def test_a_month_is_charged_some_hours_after_its_end(place: Place) -> None:
    await read(place, USED)

    early = await work(ENDS_AT + runs.WAITED - timedelta(seconds=1))
    due = await work(ENDS_AT + runs.WAITED)

    assert (early, due) == (0, 1)


async def test_charging_again_changes_nothing(place: Place) -> None:
    await read(place, USED)
    await work()

    assert await work() == 0
    assert await work(CHARGED_AT + timedelta(days=1)) == 0

    assert await value("select count(*) from month_charge") == 1


async def test_several_workers_charge_each_account_once(place: Place) -> None:
    for _ in range(5):
        await add_factory(place)
    for supply in place.supplies:
        await read(place, USED, supply)

    posted = await asyncio.gather(*(work() for _ in range(4)))

    assert sum(posted) == 6
    assert await value("select count(distinct account_id) from month_charge") == 6
    assert await value("select posted from month_run where ended_at is not null") == 6
    assert await verify() == []


async def test_one_account_that_fails_stops_no_other_and_is_tried_again(place: Place) -> None:
    await add_factory(place)
    for supply in place.supplies:
        await read(place, USED, supply)
    # No journal takes so much.
    await value(
        'update reading set "values" = array[9000000000000000000, 1000000, 250000, 100000]'
        " where meter_id = $1 and ts = $2",
        place.supplies[0].meter_id,
        ENDS_AT,
    )

    posted = await work()

    assert posted == 1
    assert await charged(place, account_id=account_of(place, 1)) == 250
    assert await value("select failed from month_run where ended_at is not null") == 1
    await value(
        'update reading set "values" = array[12500, 1000000, 250000, 100000]'
        " where meter_id = $1 and ts = $2",
        place.supplies[0].meter_id,
        ENDS_AT,
    )
    assert await work(CHARGED_AT + runs.AGAIN_AFTER) == 1
    assert await charged(place) == 250
    assert await verify() == []


async def test_months_that_nobody_worked_in_are_made_up_for(place: Place) -> None:
    await read(place, USED)
    await work()
    april_ends_at = MARCH_ENDS_AT + timedelta(days=30)
    await read(place, {MARCH_ENDS_AT: (2_000_000, 350_000, 100_000, 15_000)})

    await work(april_ends_at + timedelta(days=1))

    assert await value("select array_agg(month::text order by month) from month_run") == [
        "2026-02-01",
        "2026-03-01",
        "2026-04-01",
    ]
    assert await charged(place, FEBRUARY.moved(1)) == 150


async def test_a_balance_that_crosses_a_mark_is_attended_to_and_told_of(place: Place) -> None:
    await read(place, USED)
    await value(
        "update account_balance set wake_below_micro = balance_micro - 1 where account_id = $1",
        account_of(place),
    )
    await value("delete from attention")
    before = await value("select max(id) from outbox")

    await work()

    assert await value("select account_id from attention") == account_of(place)
    told = await rows("select topic, account_ids from outbox where id > $1", before)
    assert told == [{"topic": "balances", "account_ids": [account_of(place)]}]


async def test_who_has_no_such_tariff_is_not_looked_at(room: None) -> None:
    place = await make_place(opened_at=OPENED_AT)
    await read(place, USED)

    assert await work(LATER) == 0

    assert await value("select count(*) from month_verdict") == 0
    assert await value("select count(*) from month_run") == 0


async def test_nobody_is_charged_for_what_stays_below_the_limits(place: Place) -> None:
    await read(place, {**USED, ENDS_AT: (1_000_000, 200_000, 150_000, 12_500)})

    await work()

    assert await charged(place) == 125
    told = await verdict(place)
    assert (told["inductive_over"], told["capacitive_over"], told["charged_varh"]) == (
        False,
        False,
        0,
    )
    assert told["not_judged"] is None


async def test_the_check_of_the_books_finds_what_no_line_tells(place: Place) -> None:
    await read(place, USED)
    await work()
    posting = Posting(
        company_id=place.company_id,
        kind=JournalKind.MONTH_CHARGE,
        idempotency_key="made up",
        request="",
        occurred_at=CHARGED_AT,
        lines=[
            Line(LedgerAccountKind.CREDIT, Decimal(-7), account_of(place)),
            Line(LedgerAccountKind.REVENUE, Decimal(7)),
        ],
    )
    async with access.tenant(place.company_id) as connection:
        journal_id = await post(connection, posting, now=CHARGED_AT)

    found = await verify()

    assert [(one.what, str(one.stored), str(one.rebuilt)) for one in found] == [
        (f"month charge of journal {journal_id}, gross", "0.000000", "7.000000"),
        (f"month charge of journal {journal_id}, net", "0.000000", "7.000000"),
    ]
