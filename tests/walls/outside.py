"""A place of the same company, where somebody is not who is confined to another."""

from domain.hierarchy import branches, collectors, fields, rf_modules
from domain.subscribers import operations as subscribers
from tests.factories import KEYRING, Place, add_supply


async def make_outside(inside: Place) -> Place:
    """Make a second branch in a company, with a field and a subscriber of its own."""
    branch_id = await branches.create(company_id=inside.company_id, name="Far South")
    field_id = await fields.create(
        company_id=inside.company_id,
        branch_id=branch_id,
        name="Far Harbour",
        latitude=41.1,
        longitude=29.1,
    )
    collector_id = await collectors.create(
        company_id=inside.company_id,
        field_id=field_id,
        flag="WTL",
        serial="far-away",
        token="token of the far collector",  # noqa: S106 - a test's own
        time_zone="Europe/Istanbul",
    )
    rf_module_id = await rf_modules.create(
        company_id=inside.company_id, collector_id=collector_id, serial="RF-far-away"
    )
    outside = Place(
        company_id=inside.company_id,
        branch_id=branch_id,
        field_id=field_id,
        collector_id=collector_id,
        collector_serial="far-away",
        rf_module_id=rf_module_id,
        tariff_id=inside.tariff_id,
        subscriber_id=await subscribers.create(
            company_id=inside.company_id,
            reference="S-far-away",
            contact={
                "name": "Far Away",
                "email": "far@example.com",
                "phone": "+905551111111",
            },
            keyring=KEYRING,
        ),
    )
    await add_supply(outside)
    return outside
