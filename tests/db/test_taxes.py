"""Taxes of what is charged: apart from what was sold, and due at one point alone."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import asyncpg
import pytest

from db import access
from db.enums import ComponentKind, LedgerAccountKind, RefundWay, TariffState, TaxPoint
from db.ids import AccountId, JournalId
from db.settings import Urls
from domain.accounts import closing
from domain.accounts.closing import Ending
from domain.billing import accrual
from domain.billing.accrual import Charge
from domain.ledger import operations as ledger
from domain.ledger.queries import balance_of, verify
from domain.ledger.reversal import reverse
from domain.readings import operations as readings
from domain.readings.register_sets import ids_of
from domain.refusals import InvalidValue
from domain.tariffs import operations as tariffs
from domain.tariffs import proposals
from domain.tariffs.chargeable import NotChargeable
from domain.tariffs.components import Component, Flat, Tax, Version
from domain.tariffs.presets import TR_TAXES
from tests.factories import NOW, Place, add_supply, make_place, make_read, open_account

START = NOW - timedelta(days=3)
HOUR = timedelta(hours=1)
LATER = NOW + timedelta(days=1)
TOTAL = (("1.8.0", 0, "Wh"),)
Side = LedgerAccountKind

pytestmark = pytest.mark.usefixtures("connected")


def version(tax_point: TaxPoint, taxes: tuple[Tax, ...] = TR_TAXES) -> Version:
    """Return one price of 1 per kWh: 1.26 with BTV, and with VAT on both."""
    energy = Component(name="Energy", kind=ComponentKind.ENERGY, shape=Flat(Decimal(1)))
    return Version(components=(energy,), taxes=taxes, tax_point=tax_point)


async def taxed_place(tax_point: TaxPoint) -> Place:
    place = await make_place(meters=0, opened_at=START)
    place.tariff_id = await tariffs.create_empty(company_id=place.company_id, name="Taxed")
    await approved(place, tax_point)
    await add_supply(place, opened_at=START)
    return place


async def approved(place: Place, tax_point: TaxPoint, taxes: tuple[Tax, ...] = TR_TAXES) -> None:
    version_id = await proposals.propose(
        company_id=place.company_id,
        tariff_id=place.tariff_id,
        version=version(tax_point, taxes),
        valid_from=START - HOUR,
        by=None,
        now=START - 2 * HOUR,
    )
    await proposals.approve(
        company_id=place.company_id, version_id=version_id, by=None, now=START - 2 * HOUR
    )


async def used(place: Place, *indexes: tuple[int, int]) -> None:
    """Store reads, by hours after the start, and close all days."""
    async with access.system() as connection:
        ids = await ids_of(connection, [(place.company_id, TOTAL)], {})
        (registers,) = ids.values()
        reads = [make_read(place, registers, START + hours * HOUR, wh) for hours, wh in indexes]
        await readings.store(connection, reads, now=NOW)
    await ledger.close_days(now=LATER)


async def sums(place: Place) -> dict[tuple[str, str | None], Decimal]:
    """Return what the company's own sides have, but for those with nothing."""
    async with access.system() as connection:
        rows = await connection.fetch(
            "select l.kind, l.code, sum(e.amount) as amount from ledger_account l"
            " join entry e on e.company_id = l.company_id and e.ledger_account_id = l.id"
            " where l.company_id = $1 and l.account_id is null group by 1, 2",
            place.company_id,
        )
    return {(row["kind"], row["code"]): row["amount"] for row in rows if row["amount"]}


async def paid(place: Place, amount: str) -> JournalId:
    return await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_of(place),
        amount=Decimal(amount),
        idempotency_key=f"cash {amount}",
        occurred_at=NOW,
    )


def account_of(place: Place) -> AccountId:
    return place.supplies[0].account_id or AccountId(0)


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


async def test_categories_that_a_tax_exempts_do_not_pay_it() -> None:
    place = await make_place(meters=0, opened_at=START)
    place.tariff_id = await tariffs.create_empty(company_id=place.company_id, name="Taxed")
    exempting = replace(TR_TAXES[0], exempt=frozenset({"EMBASSY"}))
    await approved(place, TaxPoint.TOP_UP, (exempting, TR_TAXES[1]))
    supply = await add_supply(place, opened_at=START, with_account=False)
    place.supplies[0] = replace(
        supply,
        account_id=await open_account(
            place,
            {supply.point_id: 0},
            supply.premises_id,
            opened_at=START,
            category="EMBASSY",
        ),
    )

    await paid(place, "120")
    await used(place, (1, 10_000))

    assert await sums(place) == {
        (Side.CASH, None): Decimal(-120),
        (Side.REVENUE, None): Decimal(10),
        (Side.TAX, "VAT"): Decimal(20),
        (Side.TAX_IN_ADVANCE, "VAT"): Decimal(-18),
    }
    balance = await balance_of(company_id=place.company_id, account_id=account_of(place))
    assert balance == Decimal(108)


async def test_the_category_of_an_account_stays(database: Urls) -> None:
    place = await taxed_place(TaxPoint.CONSUMPTION)
    owner = await asyncpg.connect(database.owner)

    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("update account set category = 'EMBASSY'")

    await owner.close()
    async with access.system() as connection:
        category = await connection.fetchval(
            "select category from account where company_id = $1", place.company_id
        )
    assert category is None


async def test_what_is_no_category_opens_no_account() -> None:
    place = await taxed_place(TaxPoint.CONSUMPTION)
    supply = await add_supply(place, opened_at=START, with_account=False)

    with pytest.raises(InvalidValue):
        await open_account(
            place,
            {supply.point_id: 0},
            supply.premises_id,
            opened_at=START,
            category="an embassy",
        )

    async with access.system() as connection:
        accounts = await connection.fetchval(
            "select count(*) from account where company_id = $1", place.company_id
        )
    assert accounts == 1


async def test_a_company_has_one_tax_point() -> None:
    place = await taxed_place(TaxPoint.TOP_UP)
    place.tariff_id = await tariffs.create_empty(company_id=place.company_id, name="Other")

    with pytest.raises(NotChargeable) as refused:
        await approved(place, TaxPoint.CONSUMPTION)

    assert refused.value.facts == {"part": "tax_point"}
    async with access.system() as connection:
        states = await connection.fetch(
            "select state from tariff_version where company_id = $1 and tariff_id = $2",
            place.company_id,
            place.tariff_id,
        )
    assert [row["state"] for row in states] == [TariffState.DRAFT]
