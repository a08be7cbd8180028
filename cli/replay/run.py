"""Importing files: read, sent in groups, looked up until each is settled."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import islice
from pathlib import Path
from typing import Final

from cli.replay.delivery import Delivery, ImportingCollector
from cli.replay.importer import Importer, ImportOptions, import_module, importer_of
from cli.replay.readout_file import ReadoutFile
from cli.replay.report import FileReport, not_sent, report_of
from collectors.protocols.iec62056_21.checksums import Checksum
from collectors.protocols.mass.build import Sender
from db.ids import RfModuleId
from domain.companies.queries import CompanyName
from domain.frames.outcomes import FrameOutcome, outcome_of
from domain.hierarchy import by_name, meters
from domain.hierarchy.by_name import KnownMeter
from domain.readings.rules import clock_zone

GROUP_FILES: Final = 500
POLL_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Replay:
    """What to import and how; see the command.

    serial, at: only for files that do not say themselves; `at` is the company's local time if it
        is naive.
    zone: of the meters' clocks; None takes each meter's rule, or the company's for a new meter.
    """

    company: CompanyName
    options: ImportOptions
    host: str
    port: int
    clock: Callable[[], datetime]
    serial: str | None = None
    at: datetime | None = None
    zone: str | None = None
    patience_s: float = 30.0
    told: Callable[[], None] = lambda: None

    async def run(self, files: Sequence[Path]) -> list[FileReport]:
        """Import files and return what became of each, in their order.

        :raises Refused, Unreachable: nothing of the group at hand was delivered
        """
        importer = await importer_of(self.company, self.options)
        reports: list[FileReport] = []
        remaining = iter(files)
        while group := list(islice(remaining, GROUP_FILES)):
            reports += await self._import(importer, [ReadoutFile.read(path) for path in group])
        return reports

    async def _import(self, importer: Importer, files: Sequence[ReadoutFile]) -> list[FileReport]:
        deliveries = await self._deliveries(files)
        sender = Sender(importer.flag, importer.serial)
        messages = {
            delivery.reference_id: delivery.message(sender)
            for delivery in deliveries
            if delivery.file.problem is None
        }
        collector = ImportingCollector(sender, importer.token, clock=self.clock)
        answers = (
            await collector.deliver(
                list(messages.values()), host=self.host, port=self.port, told=self.told
            )
            if messages
            else {}
        )
        end_s = asyncio.get_running_loop().time() + self.patience_s
        reports = []
        for delivery in deliveries:
            if delivery.file.problem is not None:
                reports.append(not_sent(delivery))
                continue
            digest = messages[delivery.reference_id].digests[0]
            failed = answers[delivery.reference_id]
            outcome = None
            if failed is None:
                outcome = await self._settled(importer, delivery, digest, end_s)
            reports.append(report_of(delivery, failed, outcome))
        return reports

    async def _settled(
        self, importer: Importer, delivery: Delivery, digest: bytes, end_s: float
    ) -> FrameOutcome | None:
        """Return what became of a message, once that is clear or our patience ends."""
        while True:
            outcome = await outcome_of(
                company_id=self.company.company_id,
                collector_id=importer.collector_id,
                digest=digest,
                meter_id=delivery.meter_id,
                read_at=delivery.read_at,
            )
            if outcome is not None and outcome.is_settled:
                return outcome
            if asyncio.get_running_loop().time() >= end_s:
                return outcome
            await asyncio.sleep(POLL_S)

    async def _deliveries(self, files: Sequence[ReadoutFile]) -> list[Delivery]:
        named = [(file, *self._serial_of(file)) for file in files]
        serials = sorted({serial for _, serial, _ in named if serial is not None})
        known = await by_name.meters(company_id=self.company.company_id, serials=serials)
        created = await self._create_meters(known, named) if self.options.may_create else set()
        return [
            self._delivery(file, serial, source, known.get(serial or ""), serial in created)
            for file, serial, source in named
        ]

    def _delivery(
        self,
        file: ReadoutFile,
        serial: str | None,
        serial_from: str | None,
        meter: KnownMeter | None,
        created: bool,
    ) -> Delivery:
        zone = self._zone_of(meter)
        read_at, time_from = file.taken_at(zone), "the file"
        if read_at is None and self.at is not None:
            local = self.at.tzinfo is None
            read_at = self.at.replace(tzinfo=zone) if local else self.at
            time_from = "--at"
        return Delivery(
            file=file,
            serial=serial,
            serial_from=serial_from,
            read_at=read_at,
            time_from=None if read_at is None else time_from,
            meter_id=None if meter is None else meter.meter_id,
            created_meter=created,
        )

    def _serial_of(self, file: ReadoutFile) -> tuple[str | None, str | None]:
        """Return the meter's serial and who says so, if anybody does."""
        if file.decoded.serial is not None:
            return file.decoded.serial, "the file"
        if self.serial is not None:
            return self.serial, "--serial"
        return file.derived_serial if self.options.may_create else (None, None)

    def _zone_of(self, meter: KnownMeter | None) -> tzinfo:
        rule = self.zone or (meter.clock_rule if meter else self.company.time_zone)
        return clock_zone(rule)

    async def _create_meters(
        self,
        known: dict[str, KnownMeter],
        named: Sequence[tuple[ReadoutFile, str | None, str | None]],
    ) -> set[str]:
        """Make the meters that are missing, add them to `known`, and return their serials.

        A file without registers, or with a wrong check value, is no reason to make one.
        """
        missing: dict[str, ReadoutFile] = {}
        for file, serial, _ in named:
            is_usable = file.decoded.registers and file.readout.checksum is not Checksum.WRONG
            if serial is not None and serial not in known and is_usable:
                missing.setdefault(serial, file)
        if missing:
            rf_module_id = await import_module(self.company, self.options)
            for serial, file in missing.items():
                known[serial] = await self._create_meter(rf_module_id, serial, file)
        return set(missing)

    async def _create_meter(
        self, rf_module_id: RfModuleId, serial: str, file: ReadoutFile
    ) -> KnownMeter:
        clock_rule = self.zone or self.company.time_zone
        meter_id = await meters.create(
            company_id=self.company.company_id,
            rf_module_id=rf_module_id,
            serial=serial,
            clock_rule=clock_rule,
            register_digits=file.register_digits,
        )
        return KnownMeter(meter_id, clock_rule)
