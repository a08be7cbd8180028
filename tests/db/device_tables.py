"""Collectors, RF modules and meters as tables to be imported."""

from typing import Any

from db.ids import CompanyId
from tests.imports import fetch

COLLECTORS = [
    ("branch", "field", "flag", "serial", "time_zone", "make", "port"),
    ("North", "Mall", "WTL", "0001", "Europe/Istanbul", "REACH", 1234),
]
RF_MODULES = [
    ("collector_flag", "collector_serial", "serial", "frequency"),
    ("WTL", "0001", "RF-A", "MHZ_868"),
    ("WTL", "0001", "RF-B", "mhz_2400"),
]
METERS = [
    ("rf_module", "serial", "make", "clock_rule", "relay"),
    ("RF-A", "12345678", "KLM", "+03:00", "INTERNAL"),
    ("RF-B", 12345679, None, "Europe/Istanbul", None),
]


DEVICES: dict[str, Any] = {"collectors": COLLECTORS, "rf_modules": RF_MODULES, "meters": METERS}


async def serials(company_id: CompanyId, table: str = "meter") -> list[str]:
    rows = await fetch(company_id, f"select serial from {table} order by serial")
    return [row["serial"] for row in rows]


def csv(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()
