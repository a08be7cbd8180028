"""Credit that is bought while invoices of months are owed: it pays these, the rest is bought."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from db.settings import Urls
from domain.accounts.emergency_credit import borrow
from domain.companies import settings
from domain.invoices import bought, monthly
from domain.ledger.queries import balance_of, verify
from domain.topups import looking
from domain.topups.gateway import Gateways
from tests.db.invoicing import ENDS_AT, MARCH, invoice_of, measure, query
from tests.db.owing import BOUGHT, LATER, OWED_MICRO, PAID, make_owing, pay
from tests.topups.shop import Shop
from tests.topups.stripe import nobody_there

OWED = Decimal(OWED_MICRO).scaleb(-6)
GIVEN_BACK = "select sum(total_micro)::int8 from invoice where kind = 'CREDIT_NOTE'"
ALL_PAID = [289_590_000, 234_570_000]
APRIL_ISSUED_AT = datetime.fromisoformat("2026-05-02T09:00:00Z")


@pytest.fixture
async def owing(shop: Shop, room: None, database: Urls) -> Shop:
    """Lend a shop whose account owes 289.59 for February and 234.57 for March: 524.16."""
    shop.place, _, _ = await make_owing(database)
    shop.move(LATER - shop.now)
    return shop


async def documented(shop: Shop) -> tuple[list[int], list[int] | None]:
    """Return what invoices of months have been paid, and of how much the others are, by now."""
    await bought.work(now=shop.now)
    assert await shop.count("purchase_due") == 0
    assert await verify() == []
    return await query(PAID), await query(BOUGHT)


async def balance(shop: Shop) -> Decimal:
    return await balance_of(company_id=shop.place.company_id, account_id=shop.account_id)


async def use(shop: Shop, *, at: datetime) -> None:
    """Let the meter tell, five days later, that it counted 100 kWh more by then: 234.57."""
    shop.move(timedelta(days=5))
    registers = await query("select id from register_set")
    await measure(shop.place, registers, {at: 323_456}, closed_at=shop.now)


@pytest.mark.parametrize(
    ("amount", "paid", "purchases"),
    [
        pytest.param("600", ALL_PAID, [75_840_000], id="more than is owed"),
        pytest.param("524.16", ALL_PAID, None, id="what is owed"),
        pytest.param("300", [289_590_000, 10_410_000], None, id="less than is owed"),
    ],
)
async def test_what_is_owed_is_paid_and_only_the_rest_is_a_purchase(
    owing: Shop, amount: str, paid: list[int], purchases: list[int] | None
) -> None:
    await owing.paid(amount)

    assert await documented(owing) == (paid, purchases)
    assert await balance(owing) == Decimal(amount) - OWED
    assert await documented(owing) == (paid, purchases)


async def test_what_is_refunded_is_owed_again(owing: Shop) -> None:
    top_up_id = await owing.paid("600")
    await documented(owing)

    await owing.refund(top_up_id, "100")
    await owing.hear()

    # The purchase is given back as a whole, and of the younger invoice 24.16 are open.
    assert await documented(owing) == ([289_590_000, 210_410_000], [75_840_000])
    assert await query(GIVEN_BACK) == 75_840_000
    assert await balance(owing) == -Decimal("24.16")


@pytest.mark.parametrize("is_at_desk", [False, True], ids=["by card", "at the desk"])
async def test_what_is_paid_after_a_refund_pays_what_that_has_opened(
    owing: Shop, is_at_desk: bool
) -> None:
    top_up_id = await owing.paid("600")
    await documented(owing)

    await owing.refund(top_up_id)
    await (pay(owing.place, "300") if is_at_desk else owing.paid("300"))

    assert await documented(owing) == ([289_590_000, 10_410_000], [75_840_000])
    assert await query(GIVEN_BACK) == 75_840_000
    assert await balance(owing) == Decimal("-224.16")


async def test_what_a_failed_refund_brings_back_pays_again(owing: Shop) -> None:
    top_up_id = await owing.paid("600")
    await owing.refund(top_up_id)
    await owing.hear()
    refunded = await documented(owing)

    owing.twin.act("refund.fail", id=owing.twin.world.all("refund")[0]["id"])
    await owing.hear()

    assert refunded == ([0, 0], [75_840_000])
    # What was credited is invoiced again.
    assert await documented(owing) == (ALL_PAID, [75_840_000, 75_840_000])
    assert await query(GIVEN_BACK) == 75_840_000
    assert await balance(owing) == Decimal("75.84")


async def test_what_a_failed_refund_brings_back_another_takes(owing: Shop) -> None:
    top_up_id = await owing.paid("600")
    async with nobody_there() as gateway:
        unheard = await owing.refund(top_up_id, "100", by=Gateways(gateway))
    heard = await owing.refund(top_up_id, "100")
    await documented(owing)
    owing.move(timedelta(minutes=2))
    await looking.look_again(gateways=owing.gateways, now=owing.now)
    both = await documented(owing)

    reference = await query("select reference from top_up_refund where id = $1", heard)
    owing.twin.act("refund.fail", id=reference)
    await owing.hear()

    assert unheard < heard
    assert both == ([289_590_000, 110_410_000], [75_840_000])
    # 500 were paid, all of them for months.
    assert await documented(owing) == ([289_590_000, 210_410_000], [75_840_000])
    assert await query(GIVEN_BACK) == 75_840_000


@pytest.mark.parametrize("is_at_desk", [False, True], ids=["by card", "at the desk"])
async def test_what_is_lent_pays_no_invoice_of_a_month(owing: Shop, is_at_desk: bool) -> None:
    await settings.update(
        company_id=owing.place.company_id,
        expected_version=1,
        changes={"emergency_credit": Decimal(22)},
    )
    await borrow(
        company_id=owing.place.company_id,
        account_id=owing.account_id,
        idempotency_key="near the limit",
        now=owing.now,
    )
    assert await balance(owing) == 22 - OWED

    await (pay(owing.place, "600") if is_at_desk else owing.paid("600"))

    assert await documented(owing) == (ALL_PAID, [75_840_000])
    assert await owing.standing() == {"balance": 600 - OWED}


async def test_what_was_used_by_paying_before_is_a_purchase_first(owing: Shop) -> None:
    await use(owing, at=LATER + timedelta(days=4))

    await owing.paid("300")
    less_than_all = await documented(owing)
    await owing.paid("458.73")

    assert less_than_all == ([65_430_000, 0], [234_570_000])
    assert await documented(owing) == (ALL_PAID, [234_570_000])


async def test_invoices_are_paid_before_what_is_bought_is_used_up(owing: Shop) -> None:
    await owing.paid("600")
    await use(owing, at=LATER + timedelta(days=4))
    await owing.paid("158.73")

    assert await documented(owing) == (ALL_PAID, [75_840_000, 158_730_000])
    assert await balance(owing) == Decimal("0.002110")


async def test_what_came_late_to_months_that_are_paid_is_no_purchase(owing: Shop) -> None:
    await owing.paid("524.16")
    await use(owing, at=ENDS_AT + timedelta(days=31))

    await owing.paid("300")
    told = await documented(owing)
    await monthly.issue(
        company_id=owing.place.company_id,
        account_id=owing.account_id,
        month=MARCH.moved(1),
        now=APRIL_ISSUED_AT,
    )

    assert told == (ALL_PAID, [65_430_000])
    assert await documented(owing) == ([*ALL_PAID, 234_570_000], [65_430_000])
    assert await balance(owing) == Decimal("65.43")


async def test_a_purchase_has_the_taxes_of_what_it_is_of(
    shop: Shop, room: None, database: Urls
) -> None:
    # It owes 155.55 and 126.
    shop.place, _, _ = await make_owing(database, taxed=True)
    shop.move(LATER - shop.now)

    await shop.paid("300")
    await documented(shop)

    bought_id = await query("select id from invoice where kind = 'PURCHASE'")
    invoice = await invoice_of(shop.place.company_id, bought_id)
    assert invoice.totals.total == Decimal("18.45")
    assert [(tax.name, tax.amount) for tax in invoice.taxes] == [
        ("BTV", Decimal("0.732143")),
        ("VAT", Decimal("3.075000")),
    ]
