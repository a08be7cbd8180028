"""Invoices of meters that are charged by their load profiles."""

from dataclasses import replace
from decimal import Decimal

import pytest

from db.enums import BillingBasis, ComponentKind, InvoiceLineKind
from domain.ledger import operations as ledger
from domain.tariffs import assignments
from domain.tariffs.assignments import Whom
from domain.tariffs.components import Component, TimeOfUse, Version
from domain.tariffs.presets import TR_TAXES, tr_time_of_use
from tests.db.invoice_components.priced import DAY, HOUR, PLAIN, charged, gross, issued, told
from tests.db.invoicing import (
    ENDS_AT,
    ISSUED_AT,
    OPENED_AT,
    STARTS_AT,
    make_postpaid,
)
from tests.db.load_profiles import told as profiles
from tests.db.submetered import tariff_of
from tests.factories import Place, account_of, make_read, make_register_set

pytestmark = pytest.mark.usefixtures("connected")


def hours() -> Version:
    """Return hours that no register of the meter counts."""
    shape = tr_time_of_use(Decimal("2.5"), Decimal("3.75"), Decimal("1.333333333"))
    bands = tuple(replace(band, register=None) for band in shape.bands)
    energy = Component(name="Energy", kind=ComponentKind.ENERGY, shape=TimeOfUse(bands))
    return Version(components=(energy,), taxes=TR_TAXES)


async def place_by_profile(version: Version) -> Place:
    place = await make_postpaid()
    tariff_id = await tariff_of(place, version, valid_from=OPENED_AT - HOUR)
    await assignments.assign(
        company_id=place.company_id,
        tariff_id=tariff_id,
        whom=Whom(account_ids=(account_of(place),)),
        starts_at=OPENED_AT + HOUR,
        basis=BillingBasis.INTERVAL,
        now=OPENED_AT,
    )
    return place


async def test_lines_of_bands_are_what_the_profile_told(room: None) -> None:
    place = await place_by_profile(hours())
    registers = await make_register_set(place.company_id)
    # Two days whose hours from six to five bring two thirds, and those until ten the rest.
    day = [*[0] * 24, *[500] * 44, *[550] * 20, *[0] * 8]
    shown = ((STARTS_AT, 3), (STARTS_AT + 2 * DAY, 66_003), (ENDS_AT, 66_003))
    await profiles.store(
        profiles.told(place, STARTS_AT, *day, *day),
        [make_read(place, registers, at, wh) for at, wh in shown],
        now=ENDS_AT,
    )
    await ledger.close_days(now=ISSUED_AT)

    invoice = await issued(place)

    assert [told(line)[:3] for line in invoice.lines] == [
        ("Energy", "T1", Decimal(44)),
        ("Energy", "T2", Decimal(22)),
    ]
    assert not any(line.is_estimated for line in invoice.lines)
    assert gross(invoice) == await charged(place)


async def test_a_month_ends_where_the_profile_says(room: None) -> None:
    place = await place_by_profile(PLAIN)
    registers = await make_register_set(place.company_id)
    # Nothing flows in the last hours of the month, and four kilowatt-hours after it.
    shown = ((STARTS_AT, 3), (ENDS_AT - 4 * HOUR, 50_003), (ENDS_AT + 4 * HOUR, 54_003))
    await profiles.store(
        profiles.told(place, ENDS_AT - 4 * HOUR, *[0] * 16, *[250] * 16),
        [make_read(place, registers, at, wh) for at, wh in shown],
        now=ENDS_AT + DAY,
    )
    await ledger.close_days(now=ISSUED_AT)

    invoice = await issued(place)

    energy, grid, _ = invoice.lines
    assert told(energy)[2] == told(grid)[2] == Decimal(50)
    assert energy.metered is not None
    assert (energy.metered.last.at, energy.metered.last.index_wh) == (ENDS_AT, 50_003)
    assert [line for line in invoice.lines if line.kind is InvoiceLineKind.SETTLEMENT] == []
    assert gross(invoice) == await charged(place)
