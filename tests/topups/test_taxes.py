"""Taxes that fall due when credit is bought, and what becomes of them when it is given back."""

from datetime import timedelta
from decimal import Decimal

from db.enums import ComponentKind, TaxPoint
from domain.tariffs import proposals
from domain.tariffs.components import Component, Flat, Version
from domain.tariffs.presets import TR_TAXES
from tests.topups.shop import Shop

D = Decimal


async def taxed(shop: Shop) -> None:
    """Let the shop's tariff tax credit when it is bought: 5 % and, on both, 20 %."""
    energy = Component(name="Energy", kind=ComponentKind.ENERGY, shape=Flat(D(1)))
    version_id = await proposals.propose(
        company_id=shop.place.company_id,
        tariff_id=shop.place.tariff_id,
        version=Version(components=(energy,), taxes=TR_TAXES, tax_point=TaxPoint.TOP_UP),
        valid_from=shop.now + timedelta(minutes=6),
        by=None,
        now=shop.now,
    )
    await proposals.approve(
        company_id=shop.place.company_id, version_id=version_id, by=None, now=shop.now
    )
    shop.move(timedelta(minutes=10))


async def test_a_top_up_posts_the_taxes_of_what_it_buys(shop: Shop) -> None:
    await taxed(shop)

    await shop.paid("25.2")

    assert await shop.standing() == {"balance": D("25.2")}
    assert await shop.sides() == {
        "CREDIT": D("25.2"),
        "PROVIDER_CLEARING": D("-25.2"),
        "TAX": D("5.2"),
        "TAX_IN_ADVANCE": D("-5.2"),
    }


async def test_what_is_given_back_was_not_taxed(shop: Shop) -> None:
    await taxed(shop)
    top_up_id = await shop.paid("25.2")

    await shop.refund(top_up_id, "12.6")
    half = await shop.sides()
    await shop.refund(top_up_id)

    assert (half["TAX"], half["TAX_IN_ADVANCE"]) == (D("2.6"), D("-2.6"))
    assert await shop.sides() == {}


async def test_a_refund_takes_back_the_taxes_of_when_it_was_bought(shop: Shop) -> None:
    top_up_id = await shop.paid()
    await taxed(shop)

    await shop.refund(top_up_id)

    assert await shop.sides() == {}


async def test_what_repays_a_debt_is_not_taxed_again(shop: Shop) -> None:
    await taxed(shop)
    await shop.owe(DEBT="12.6")

    await shop.paid("25.2")

    sides = await shop.sides()
    assert (sides["TAX"], sides["TAX_IN_ADVANCE"]) == (D("2.6"), D("-2.6"))
