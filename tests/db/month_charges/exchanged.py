"""A factory whose meter is exchanged within a month, and what its invoice tells of both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from db.enums import BillingMode, InvoiceLineKind
from domain.invoices.rules import Index, InvoiceLine, Metered
from domain.invoices.stored import StoredInvoice
from tests.db.month_charges.world import (
    ENDS_AT,
    STARTS_AT,
    Shown,
    exchange,
    make_monthly,
    read,
)
from tests.factories import Place, Supply, add_supply

CHANGED_AT = STARTS_AT + timedelta(days=10)
# 600 kWh with 200 kvarh, and a peak of 12.5 kW.
OLD: Mapping[datetime, Shown] = {
    STARTS_AT: (0, 0, 0, 40_000),
    STARTS_AT + timedelta(days=3): (100_000, 10_000, 0, 12_500),
    CHANGED_AT: (600_000, 200_000, 0, 12_500),
}
# 400 kWh with 100 kvarh, and a peak of 9 kW.
NEW: Mapping[datetime, Shown] = {
    CHANGED_AT: (7_000, 1_000, 0, 0),
    CHANGED_AT + timedelta(days=2): (50_000, 2_000, 0, 9_000),
    ENDS_AT: (407_000, 101_000, 0, 9_000),
}


@dataclass(frozen=True)
class Exchanged:
    """A place, with the meters that followed each other in it."""

    place: Place
    old: Supply
    new: Supply


async def make_exchanged(
    old: Mapping[datetime, Shown] = OLD, new: Mapping[datetime, Shown] = NEW
) -> Exchanged:
    """Exchange a meter within February. old, new: what the two show, by time."""
    place = await make_monthly(billing_mode=BillingMode.POSTPAID)
    made = Exchanged(
        place, place.supplies[0], await add_supply(place, mounted=False, with_account=False)
    )
    await read(place, old, made.old)
    final_wh, initial_wh = old[CHANGED_AT][0], new[CHANGED_AT][0]
    assert final_wh is not None
    assert initial_wh is not None
    await exchange(place, made.new, at=CHANGED_AT, indexes_wh=(final_wh, initial_wh))
    await read(place, new, made.new)
    return made


def of_kind(made: StoredInvoice, kind: InvoiceLineKind) -> list[InvoiceLine]:
    return [line for line in made.lines if line.kind is kind]


def told(lines: Iterable[InvoiceLine]) -> list[tuple[Metered | None, str, str]]:
    """Return of each line which meter told it, how much it is of, and its amount."""
    return [
        (line.metered, f"{line.priced.quantity.normalize():f}", f"{line.amount.normalize():f}")
        for line in lines
        if line.priced is not None
    ]


def metered(supply: Supply, first: Index | None, last: Index) -> Metered:
    return Metered(
        meter_id=supply.meter_id,
        serial=supply.serial,
        multiplier=Decimal(1),
        first=first,
        last=last,
    )
