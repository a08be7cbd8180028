"""Payments to accounts that pay beforehand and still owe invoices: these first, then credit."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from db.ids import InvoiceId
from db.settings import Urls
from domain.companies import settings
from domain.invoices import bought
from domain.ledger.posting import IdempotencyConflict
from domain.ledger.queries import verify
from domain.money import micro
from domain.refusals import NotThere
from tests.credit import owe
from tests.db.invoicing import measure, query
from tests.db.owing import BOUGHT, LATER, OWED_MICRO, PAID, STANDING, make_owing, pay
from tests.db.taxed import Side, sums

MADE = """
    select array_agg(kind order by id) from journal
    where kind in ('PAYMENT', 'CASH_TOP_UP', 'BANK_TOP_UP', 'CARD_TOP_UP')
"""
TOLD = "select array_agg(facts order by id) from message where kind = 'TOP_UP_RECEIPT'"
LEFT = "select sum(amount_micro - allocated_micro)::int8 from payment where state = 'POSTED'"


@pytest.mark.parametrize(
    ("amount", "paid", "made", "buys"),
    [
        pytest.param("20", [20_000_000, 0], ["PAYMENT"], 0, id="less than the first"),
        pytest.param("289.59", [289_590_000, 0], ["PAYMENT"], 0, id="the first"),
        pytest.param("300", [289_590_000, 10_410_000], ["PAYMENT"], 0, id="less than both"),
        pytest.param("524.16", [289_590_000, 234_570_000], ["PAYMENT"], 0, id="both"),
        pytest.param(
            "524.17",
            [289_590_000, 234_570_000],
            ["PAYMENT", "CASH_TOP_UP"],
            10_000,
            id="a coin more",
        ),
        pytest.param(
            "600",
            [289_590_000, 234_570_000],
            ["PAYMENT", "CASH_TOP_UP"],
            75_840_000,
            id="more than both",
        ),
    ],
)
async def test_open_invoices_are_paid_and_the_rest_buys_credit(
    room: None, database: Urls, amount: str, paid: list[int], made: list[str], buys: int
) -> None:
    place, _, _ = await make_owing(database)

    payment_id = await pay(place, amount)

    balance_micro = int(Decimal(amount) * 1_000_000) - OWED_MICRO
    assert await query(PAID) == paid
    assert await query(MADE) == made
    assert await query(STANDING) == [balance_micro, 0, 0]
    assert await query(LEFT) == 0
    assert await bought.work(now=LATER) == (1 if buys else 0)
    assert await query(BOUGHT) == ([buys] if buys else None)
    told = [orjson.loads(one) for one in await query(TOLD) or []]
    assert [one["reference"] for one in told] == ([str(payment_id)] if buys else [])
    assert [micro(Decimal(one["amount"]["amount"])) for one in told] == ([buys] if buys else [])
    assert await verify() == []


async def test_the_rest_is_bought_whatever_was_used_by_paying_before(
    room: None, database: Urls
) -> None:
    place, _, _ = await make_owing(database)
    registers = await query("select id from register_set")
    used_at = LATER + timedelta(days=4)
    await measure(place, registers, {used_at: 323_456}, closed_at=used_at + timedelta(days=1))

    await pay(place, "1000")
    await bought.work(now=LATER)

    assert await query(PAID) == [289_590_000, 234_570_000]
    assert await query(BOUGHT) == [1_000_000_000 - OWED_MICRO]
    assert await verify() == []


async def test_the_named_invoice_is_paid_first(room: None, database: Urls) -> None:
    place, _, march = await make_owing(database)

    await pay(place, "240", invoice_id=march)
    await pay(place, "300", key="more", invoice_id=march)

    assert await query(PAID) == [289_590_000, 234_570_000]
    assert await query(MADE) == ["PAYMENT", "PAYMENT", "CASH_TOP_UP"]
    assert await query(STANDING) == [15_840_000, 0, 0]


async def test_an_invoice_that_is_not_there_is_paid_by_nothing(room: None, database: Urls) -> None:
    place, _, _ = await make_owing(database)

    with pytest.raises(NotThere):
        await pay(place, "600", invoice_id=InvoiceId(1))

    assert await query("select count(*) from payment") == 0
    assert await query(MADE) is None
    assert await query(PAID) == [0, 0]
    assert await query(STANDING) == [-OWED_MICRO, 0, 0]


@pytest.mark.parametrize(
    ("amount", "standing"),
    [
        pytest.param("600", [45_840_000, 0, 0], id="all of it"),
        pytest.param("540", [0, 0, 14_160_000], id="some of it"),
        pytest.param("530", [0, 2_160_000, 22_000_000], id="some of the debt"),
    ],
)
async def test_the_rest_clears_debt_and_emergency_credit(
    room: None, database: Urls, amount: str, standing: list[int]
) -> None:
    place, _, _ = await make_owing(database)
    await owe(place, DEBT="8", EMERGENCY_CREDIT="22")

    await pay(place, amount)

    assert await query(STANDING) == standing
    assert await query(PAID) == [289_590_000, 234_570_000]
    assert await verify() == []


async def test_a_share_of_the_rest_goes_to_debt(room: None, database: Urls) -> None:
    place, _, _ = await make_owing(database)
    await settings.update(
        company_id=place.company_id,
        expected_version=1,
        changes={"debt_share_percent": Decimal(10), "debt_share_cap": Decimal(5)},
    )
    await owe(place, DEBT="100")

    await pay(place, "544.16")
    await pay(place, "100", key="more")

    assert await query(STANDING) == [120_000_000 - 5_000_000, 95_000_000, 0]
    shares = "select array_agg(debt_share_micro order by id) from payment"
    assert await query(shares) == [2_000_000, 3_000_000]


async def test_such_a_payment_is_taken_once(room: None, database: Urls) -> None:
    place, _, _ = await make_owing(database)

    made = await asyncio.gather(*(pay(place, "600") for _ in range(6)))

    assert len(set(made)) == 1
    with pytest.raises(IdempotencyConflict):
        await pay(place, "600.01")
    assert await query(MADE) == ["PAYMENT", "CASH_TOP_UP"]
    assert await query(STANDING) == [75_840_000, 0, 0]
    assert len(await query(TOLD)) == 1


async def test_many_such_payments_at_once_all_count(room: None, database: Urls) -> None:
    place, _, _ = await make_owing(database)

    await asyncio.gather(*(pay(place, "100", key=str(n)) for n in range(10)))

    assert await query(PAID) == [289_590_000, 234_570_000]
    assert await query(STANDING) == [1_000_000_000 - OWED_MICRO, 0, 0]
    assert await query(LEFT) == 0
    assert await bought.work(now=LATER) == 5
    assert sum(await query(BOUGHT)) == 1_000_000_000 - OWED_MICRO
    assert await verify() == []


@pytest.mark.parametrize(
    ("currency", "amount", "paid", "buys"),
    [
        pytest.param("JPY", "600", [290_000_000, 235_000_000], 75_000_000, id="no decimals"),
        pytest.param("KWD", "524.157", [289_588_000, 234_568_000], 1_000, id="three decimals"),
    ],
)
async def test_the_rest_is_in_the_coins_of_the_currency(
    room: None, database: Urls, currency: str, amount: str, paid: list[int], buys: int
) -> None:
    place, _, _ = await make_owing(database, currency=currency)

    await pay(place, amount)

    assert await query(PAID) == paid
    assert await query(STANDING) == [buys, 0, 0]
    assert await bought.work(now=LATER) == 1
    assert await query(BOUGHT) == [buys]
    assert await verify() == []


async def test_taxes_fall_due_of_what_paid_invoices_and_of_what_was_bought(
    room: None, database: Urls
) -> None:
    place, _, _ = await make_owing(database, taxed=True)
    used = await sums(place)

    await pay(place, "400")
    await bought.work(now=LATER)

    # Of each 126: 5 and 21. The months' taxes are no longer in advance; those of 118.45 are.
    paid = await sums(place)
    assert used[Side.TAX_IN_ADVANCE, "VAT"] == Decimal("46.925760")
    assert paid[Side.TAX, "BTV"] == Decimal("15.873016")
    assert paid[Side.TAX, "VAT"] == Decimal("66.666666")
    assert paid[Side.TAX_IN_ADVANCE, "BTV"] == Decimal("-4.700216")
    assert paid[Side.TAX_IN_ADVANCE, "VAT"] == Decimal("-19.740906")
    assert await query(BOUGHT) == [118_450_000]
    taxes = """
        select array_agg(t.amount_micro order by t.name) from invoice_tax t
        join invoice i on i.company_id = t.company_id and i.id = t.invoice_id
        where i.kind = 'PURCHASE'
    """
    assert await query(taxes) == [4_700_397, 19_741_666]
    assert await verify() == []
