"""Who delivers imported readouts: a collector that is named, or one that stands for imports."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.embedded.secret_files import kept_secret
from cli.endings import Refused
from db.ids import CollectorId, CompanyId, RfModuleId
from domain.companies.queries import CompanyName
from domain.hierarchy import by_name, collectors, rf_modules

FLAG: Final = "IMP"
NAME: Final = "IMPORT"
TOKEN_FILE: Final = "import-collector.token"  # noqa: S105 - a file's name


@dataclass(frozen=True, slots=True)
class Importer:
    """A collector as which we may speak."""

    collector_id: CollectorId
    flag: str
    serial: str
    token: str | None


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import; see the command.

    collector: flag and serial of the one to speak as; None takes the one that stands for imports.
    may_create: whether what is missing may be made.
    """

    collector: tuple[str, str] | None
    token: str | None
    may_create: bool
    field: str | None
    home: Path


async def importer_of(company: CompanyName, options: ImportOptions) -> Importer:
    """Return the collector to speak as; the one that stands for imports is made when missing.

    :raises Refused: it is missing and may not be made
    """
    flag, serial = options.collector or (FLAG, import_serial(company.company_id))
    known = await by_name.collector(company_id=company.company_id, flag=flag, serial=serial)
    if options.collector is not None:
        if known is None:
            raise Refused(f"{company.name} has no collector {flag}:{serial}.")
        return Importer(known, flag, serial, options.token)
    if known is None and not options.may_create:
        raise Refused(
            "Name the collector to speak as by --collector FLAG:SERIAL and --token, or let one"
            " that stands for imports be made by --create-meters."
        )
    token = options.token or kept_secret(options.home / TOKEN_FILE)
    collector_id = known or await _create(company, options, serial, token)
    return Importer(collector_id, flag, serial, token)


async def import_module(company: CompanyName, options: ImportOptions) -> RfModuleId:
    """Return the RF module that imported meters stand behind; it is made when missing."""
    known = await by_name.rf_module(company_id=company.company_id, serial=NAME)
    if known is not None:
        return known
    serial = import_serial(company.company_id)
    collector_id = await by_name.collector(company_id=company.company_id, flag=FLAG, serial=serial)
    if collector_id is None:
        token = kept_secret(options.home / TOKEN_FILE)
        collector_id = await _create(company, options, serial, token)
    return await rf_modules.create(
        company_id=company.company_id, collector_id=collector_id, serial=NAME
    )


def import_serial(company_id: CompanyId) -> str:
    """Return the serial of the collector that stands for imports; serials are no company's own."""
    return f"{NAME}-{company_id}"


async def _create(
    company: CompanyName, options: ImportOptions, serial: str, token: str
) -> CollectorId:
    field_id = await by_name.field(company_id=company.company_id, name=options.field)
    if field_id is None:
        missing = f"no field {options.field}" if options.field else "no field yet"
        raise Refused(f"{company.name} has {missing} that imported meters could stand in.")
    return await collectors.create(
        company_id=company.company_id,
        field_id=field_id,
        flag=FLAG,
        serial=serial,
        token=token,
        time_zone=company.time_zone,
    )
