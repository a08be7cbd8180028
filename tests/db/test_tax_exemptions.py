"""Who pays no tax, and which company pays taxes when."""

from dataclasses import replace
from decimal import Decimal

import asyncpg
import pytest

from db import access
from db.enums import TariffState, TaxPoint
from db.settings import Urls
from domain.ledger.queries import balance_of
from domain.refusals import InvalidValue
from domain.tariffs import operations as tariffs
from domain.tariffs.chargeable import NotChargeable
from domain.tariffs.presets import TR_TAXES
from tests.db.taxed import (
    START,
    Side,
    approved,
    paid,
    sums,
    taxed_place,
    used,
)
from tests.factories import account_of, add_supply, make_place, open_account

pytestmark = pytest.mark.usefixtures("connected")


@pytest.mark.usefixtures("room")
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
