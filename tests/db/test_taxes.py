"""Taxes stand apart in the books, and fall due once."""

from datetime import date
from decimal import Decimal

import pytest

from db import access
from db.enums import RefundWay, TaxPoint
from domain.accounts import closing
from domain.accounts.closing import Ending
from domain.billing import accrual
from domain.billing.accrual import Charge
from domain.ledger import operations as ledger
from domain.ledger.queries import balance_of, verify
from domain.ledger.reversal import reverse
from tests.db.taxed import LATER, Side, paid, sums, taxed_place, used
from tests.factories import NOW, account_of

pytestmark = pytest.mark.usefixtures("connected")


@pytest.mark.usefixtures("room")
async def test_taxes_of_energy_are_apart_from_what_was_sold() -> None:
    place = await taxed_place(TaxPoint.CONSUMPTION)

    await used(place, (1, 10_000))

    assert await sums(place) == {
        (Side.REVENUE, None): Decimal(10),
        (Side.TAX, "BTV"): Decimal("0.5"),
        (Side.TAX, "VAT"): Decimal("2.1"),
    }
    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    assert balance == Decimal("-12.6")
    assert await verify() == []


@pytest.mark.usefixtures("room")
async def test_what_comes_late_moves_taxes_by_the_difference() -> None:
    place = await taxed_place(TaxPoint.CONSUMPTION)
    await used(place, (30, 10_000))

    await used(place, (31, 10_000), (8, 10_000))

    async with access.system() as connection:
        days = await connection.fetch(
            "select local_date, tax, charged_micro, posted_micro from accrued_tax"
            " where company_id = $1 and charged_micro <> 0 order by 1, 2",
            place.company_id,
        )
    assert [tuple(day) for day in days] == [
        (date(2026, 3, 15), "BTV", 500_000, 500_000),
        (date(2026, 3, 15), "VAT", 2_100_000, 2_100_000),
    ]
    assert await verify() == []


async def test_taxes_that_move_alone_are_posted() -> None:
    place = await taxed_place(TaxPoint.CONSUMPTION)
    moved = Charge(place.company_id, account_of(place), date(2026, 3, 15), 0, Decimal(0))

    async with access.system() as connection:
        await accrual.stage(
            connection,
            [moved, moved._replace(tax_side=Side.TAX, tax="VAT", tax_micro=700_000)],
        )
        await accrual.accrue(connection, now=NOW)
    await ledger.close_days(now=LATER)

    assert await sums(place) == {
        (Side.REVENUE, None): Decimal("-0.7"),
        (Side.TAX, "VAT"): Decimal("0.7"),
    }
    assert await verify() == []


@pytest.mark.usefixtures("room")
async def test_taxes_due_with_the_top_up_are_not_due_again_when_it_is_used() -> None:
    place = await taxed_place(TaxPoint.TOP_UP)

    await paid(place, "126")
    bought = await sums(place)
    await used(place, (1, 10_000))

    assert bought == {
        (Side.CASH, None): Decimal(-126),
        (Side.TAX, "BTV"): Decimal(5),
        (Side.TAX, "VAT"): Decimal(21),
        (Side.TAX_IN_ADVANCE, "BTV"): Decimal(-5),
        (Side.TAX_IN_ADVANCE, "VAT"): Decimal(-21),
    }
    assert await sums(place) == bought | {
        (Side.REVENUE, None): Decimal(10),
        (Side.TAX_IN_ADVANCE, "BTV"): Decimal("-4.5"),
        (Side.TAX_IN_ADVANCE, "VAT"): Decimal("-18.9"),
    }
    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    assert balance == Decimal("113.4")
    assert await verify() == []


@pytest.mark.usefixtures("room")
async def test_credit_that_was_all_used_leaves_no_tax_in_advance() -> None:
    place = await taxed_place(TaxPoint.TOP_UP)
    await paid(place, "12.6")

    await used(place, (1, 10_000))

    assert await sums(place) == {
        (Side.CASH, None): Decimal("-12.6"),
        (Side.REVENUE, None): Decimal(10),
        (Side.TAX, "BTV"): Decimal("0.5"),
        (Side.TAX, "VAT"): Decimal("2.1"),
    }


async def test_credit_that_is_taken_back_takes_its_taxes_along() -> None:
    place = await taxed_place(TaxPoint.TOP_UP)
    journal_id = await paid(place, "126")

    async with access.tenant(place.company_id) as connection:
        await reverse(
            connection,
            company_id=place.company_id,
            journal_id=journal_id,
            reason="wrong account",
            now=NOW,
        )

    assert await sums(place) == {}


async def test_what_is_paid_out_at_the_end_was_never_taxed() -> None:
    place = await taxed_place(TaxPoint.TOP_UP)
    await paid(place, "126")
    supply = place.supplies[0]

    await closing.close(
        company_id=place.company_id,
        account_id=account_of(place),
        expected_version=1,
        ending=Ending(at=NOW, final_indexes={supply.point_id: 10_000}, refund_by=RefundWay.CASH),
        now=NOW,
    )
    await ledger.close_days(now=LATER)

    assert await sums(place) == {
        (Side.CASH, None): Decimal("-12.6"),
        (Side.REVENUE, None): Decimal(10),
        (Side.TAX, "BTV"): Decimal("0.5"),
        (Side.TAX, "VAT"): Decimal("2.1"),
    }
