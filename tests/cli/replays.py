"""Files with readouts of one register, and importing them."""

from datetime import datetime, timedelta
from pathlib import Path

from cli.company_choice import chosen_company
from cli.replay.importer import ImportOptions
from cli.replay.report import FileReport
from cli.replay.run import Replay
from collectors.protocols.iec62056_21.build import build_readout
from collectors.protocols.iec62056_21.clock import MeterClock
from collectors.protocols.iec62056_21.registers import Register
from db import access
from tests.cli.running_system import HOST, System
from tests.factories import NOW

LOCAL = timedelta(hours=3)
READ_AT = NOW - timedelta(hours=2)


def kept(index_wh: int) -> str:
    """Return what a meter kept from the end of February."""
    return f"0.1.2*7(2603010000)\r\n1.8.0*7({index_wh / 1_000:.3f}*kWh)\r\n"


def written(
    folder: Path,
    name: str,
    *,
    serial: str,
    index_wh: int = 5_000,
    at: datetime | None = READ_AT,
    more: str = "",
) -> Path:
    """Write a readout of one register to a file."""
    clock = None if at is None else MeterClock((at + LOCAL).replace(tzinfo=None), None)
    registers = [Register("1.8.0", index_wh, 0, "Wh", 7)]
    raw = build_readout(serial=serial, registers=registers, clock=clock)
    path = folder / name
    # Without STX there is no check value, and anything may be added.
    path.write_bytes(raw[1:-4].replace(b"!", b"") + more.encode() + b"!\r\n")
    return path


async def replayed(
    system: System,
    files: list[Path],
    home: Path,
    *,
    collector: tuple[str, str] | None = None,
    token: str | None = None,
    may_create: bool = True,
    patience_s: float = 10.0,
    at: datetime | None = None,
    serial: str | None = None,
) -> list[FileReport]:
    options = ImportOptions(collector, token, may_create, None, home)
    job = Replay(
        company=await chosen_company(None),
        options=options,
        host=HOST,
        port=system.port,
        clock=system.clock,
        patience_s=patience_s,
        at=at,
        serial=serial,
    )
    return await job.run(files)


async def stored() -> list[tuple[str, datetime, int]]:
    async with access.system() as connection:
        rows = await connection.fetch(
            "select m.serial, r.ts, r.index_wh from reading r join meter m"
            " on m.company_id = r.company_id and m.id = r.meter_id order by r.ts, m.serial"
        )
    return [(row["serial"], row["ts"], row["index_wh"]) for row in rows]
