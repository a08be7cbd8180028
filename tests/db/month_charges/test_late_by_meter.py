"""What comes late to a month is settled with the meters that told it."""

from datetime import timedelta

import pytest

from db import access
from db.enums import InvoiceLineKind
from domain.invoices.rules import Index, InvoiceLine
from domain.ledger.queries import verify
from tests.db.month_charges.exchanged import (
    CHANGED_AT,
    NEW,
    Exchanged,
    make_exchanged,
    metered,
    of_kind,
    told,
)
from tests.db.month_charges.world import (
    ENDS_AT,
    LATER,
    MARCH,
    MARCH_ENDS_AT,
    STARTS_AT,
    charged,
    invoice,
    read,
    work,
)

HOUR = timedelta(hours=1)
# What the new meter showed last comes days later: 6 kvarh more, and a peak of 20 kW.
BEFORE = {at: shown for at, shown in NEW.items() if at != ENDS_AT} | {
    ENDS_AT - 2 * HOUR: (400_000, 95_000, 0, 9_000)
}
LATE = {
    ENDS_AT: (407_000, 101_000, 0, 20_000),
    MARCH_ENDS_AT: (907_000, 101_000, 0, 20_000),
}


@pytest.fixture
async def exchanged(room: None) -> Exchanged:
    exchanged = await make_exchanged(new=BEFORE)
    await work()
    return exchanged


async def settled(exchanged: Exchanged) -> list[InvoiceLine]:
    """Return what March settles of February but its active energy."""
    await read(exchanged.place, LATE, exchanged.new)
    await work(LATER)
    of_energy, *late = of_kind(await invoice(exchanged.place, MARCH), InvoiceLineKind.SETTLEMENT)
    assert of_energy.amount == 7
    return late


async def test_late_readings_are_settled_by_meter(exchanged: Exchanged) -> None:
    first = await invoice(exchanged.place)

    late = await settled(exchanged)

    reactive = of_kind(first, InvoiceLineKind.REACTIVE)
    assert [(quantity, amount) for _, quantity, amount in told(reactive)] == [
        ("200", "100"),
        ("94", "47"),
    ]
    counted = metered(exchanged.new, Index(CHANGED_AT, 1_000), Index(ENDS_AT, 101_000))
    had_before = metered(exchanged.old, None, Index(STARTS_AT + timedelta(days=3), 12_500))
    assert told(late) == [
        (metered(exchanged.new, None, Index(ENDS_AT, 20_000)), "20", "200"),
        (counted, "6", "3"),
        (had_before, "-12.5", "-125"),
    ]
    assert await charged(exchanged.place) == 200 + 150
    assert await verify() == []


async def test_what_was_told_without_meters_is_settled_together(exchanged: Exchanged) -> None:
    async with access.system() as connection:
        await connection.execute(
            "update month_verdict set peaks_told_by = '{}', measured_by = '[]'"
        )
    await invoice(exchanged.place)

    late = await settled(exchanged)

    of_peak = metered(exchanged.new, None, Index(ENDS_AT, 20_000))
    assert told(late) == [(of_peak, "7.5", "75"), (None, "6", "3")]
    assert await verify() == []
