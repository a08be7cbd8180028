"""A company of premises, points, mountings, subscribers and accounts, as tables."""

from typing import Any

from tests.factories import Place
from tests.imports import fetch

Tables = dict[str, list[tuple[Any, ...]]]
PREMISES = [("branch", "field", "name"), ("North", "Mall", "Shop A"), ("North", "Mall", "Shop B")]
POINTS = [
    ("branch", "field", "premises", "code", "role", "parent"),
    # A child may stand above its parent.
    ("North", "Mall", "Shop A", "P1", "BILLING", "P0"),
    ("North", "Mall", "Shop A", "P2", None, "P0"),
    ("North", "Mall", "Shop B", "P3", "BILLING", None),
    ("North", "Mall", "Shop B", "P0", "FEEDER", None),
]
MOUNTINGS = [
    ("meter", "point", "started_at", "initial_index_kwh", "multiplier"),
    ("M1", "P1", "2026-03-01 09:30", "1234,567", None),
    ("M2", "P2", "01.03.2026", 0, 40),
]
SUBSCRIBERS = [
    ("reference", "name", "email", "phone", "address", "language"),
    ("S-1", "Ayşe Işık", "ayse@example.com", "+90 555 000 00 00", "Atatürk Cad. 1\nİzmir", "tr"),
    ("S-2", "+Firm", None, None, None, None),
]
LIGHTS = "STREET_LIGHTING"
ACCOUNTS = [
    (
        "number",
        "subscriber",
        "tariff",
        "billing_mode",
        "warning_limit",
        "cut_off_limit",
        "reconnect_limit",
        "category",
        "opened_at",
        "point",
        "opening_index_kwh",
    ),
    ("A-1", "S-1", "Standard", "PREPAID", "12,5", -3, "1,25", LIGHTS, "2026-03-02", "P1", 1300),
    ("A-2", "S-2", "Standard", "POSTPAID", None, None, None, None, "2026-03-02", "P3", 0),
    ("A-1", "S-1", "Standard", "PREPAID", "12,5", -3, "1,25", LIGHTS, "2026-03-02", "P2", "0.5"),
]


async def tables(place: Place) -> Tables:
    (module,) = await fetch(place.company_id, "select serial from rf_module")
    meters = [("rf_module", "serial", "clock_rule")]
    return {
        "meters": [*meters, *((module["serial"], serial, "+03:00") for serial in ("M1", "M2"))],
        "premises": PREMISES,
        "metering_points": POINTS,
        "mountings": MOUNTINGS,
        "subscribers": SUBSCRIBERS,
        "accounts": ACCOUNTS,
    }
