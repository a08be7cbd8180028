"""Payments that paid invoices and bought credit are undone as a whole, and analysed by method."""

from decimal import Decimal

import pytest

from db import access
from db.enums import PaymentMethod, PurchaseGrouping
from db.settings import Urls
from domain.invoices import bought, credit_notes
from domain.invoices.analysis import Purchases, purchases
from domain.ledger.queries import verify
from domain.listing import Wall
from tests.credit import owe
from tests.db.invoicing import query
from tests.db.owing import BOUGHT, LATER, OWED_MICRO, PAID, STANDING, make_owing, pay, reverse
from tests.factories import Place

FREED = "select amount_micro - allocated_micro from payment"


async def analysed(place: Place) -> list[tuple[str | None, Decimal, int]]:
    wall = Wall(lambda _: "true", {"company": place.company_id, "now": LATER})
    async with access.reading(place.company_id) as connection:
        found: list[Purchases] = list(
            await purchases(
                connection,
                start=LATER,
                end=LATER.replace(year=LATER.year + 1),
                grouping=PurchaseGrouping.METHOD,
                wall=wall,
            )
        )
    return [(one.kind, one.amount, one.purchases) for one in found]


async def test_undoing_such_a_payment_undoes_all_of_it(room: None, database: Urls) -> None:
    place, _, _ = await make_owing(database)
    await owe(place, DEBT="8")
    payment_id = await pay(place, "600")
    await bought.work(now=LATER)

    await reverse(place, payment_id)

    assert await bought.work(now=LATER) == 1
    assert await query(PAID) == [0, 0]
    assert await query(STANDING) == [-OWED_MICRO, 8_000_000, 0]
    assert await query("select credited_micro from invoice where kind = 'PURCHASE'") == 75_840_000
    assert await query("select count(*) from journal where kind = 'REVERSAL'") == 2
    assert await query("select allocated_micro from payment") == 0
    assert await analysed(place) == [("CASH_TOP_UP", Decimal(0), 1)]
    assert await verify() == []


async def test_what_was_undone_at_once_has_no_invoice(room: None, database: Urls) -> None:
    place, _, _ = await make_owing(database)

    await reverse(place, await pay(place, "600"))

    assert await bought.work(now=LATER) == 1
    assert await query(BOUGHT) is None


async def test_what_a_credit_note_frees_waits_and_what_was_bought_stays_bought(
    room: None, database: Urls
) -> None:
    place, february, _ = await make_owing(database)
    payment_id = await pay(place, "600")
    await bought.work(now=LATER)

    await credit_notes.credit(
        company_id=place.company_id,
        invoice_id=february,
        amounts={1: Decimal(100)},
        reason="too much",
        idempotency_key="back",
        now=LATER,
    )
    freed = await query(FREED), await query(STANDING), await query(BOUGHT)
    await reverse(place, payment_id)

    assert freed == (100_000_000, [175_840_000, 0, 0], [75_840_000])
    assert await query(STANDING) == [-OWED_MICRO + 100_000_000, 0, 0]
    assert await query(PAID) == [0, 0]
    assert await verify() == []


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        pytest.param(PaymentMethod.BANK_TRANSFER, "BANK_TOP_UP", id="by a transfer"),
        pytest.param(PaymentMethod.CARD, "CARD_TOP_UP", id="by card"),
    ],
)
async def test_what_was_bought_is_analysed_by_its_method(
    room: None, database: Urls, method: PaymentMethod, kind: str
) -> None:
    place, _, _ = await make_owing(database)

    await pay(place, "600", method)

    assert await analysed(place) == [(kind, Decimal("75.84"), 1)]
