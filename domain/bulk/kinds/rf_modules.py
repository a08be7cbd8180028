"""RF modules as a table."""

from db.enums import Frequency, Scope
from domain.bulk import readers
from domain.bulk.kind import Column, Kind, Reference
from domain.bulk.kinds import devices
from domain.bulk.operations import changed_by, made_by
from domain.hierarchy import rf_modules

RF_MODULES = Kind(
    name="rf_modules",
    columns=(
        Column(
            name="collector_flag",
            meaning="The flag of the collector that it reports to.",
            example="WTL",
            required=True,
        ),
        Column(
            name="collector_serial",
            meaning="The serial of that collector.",
            example="00001234",
            required=True,
        ),
        devices.serial("RF000042", rf_modules.CHECKS),
        devices.make("Mahmote", rf_modules.CHECKS),
        devices.model("U-MOTE", rf_modules.CHECKS),
        Column(
            name="frequency",
            meaning="Its radio band, MHZ_868 or MHZ_2400; MHZ_868 if empty.",
            example="MHZ_868",
            read=readers.word(Frequency),
        ),
        devices.network(
            "ip_address", "Its IP address.", "192.0.2.42", rf_modules.CHECKS, read=readers.address
        ),
        devices.network("radio_address", "Its address in the mesh.", "0A1B", rf_modules.CHECKS),
        Column(
            name="reading_period_s",
            meaning="How often it reads its meters, in seconds; 900 if empty.",
            example="900",
            read=readers.whole_number,
            check=rf_modules.CHECKS["reading_period_s"],
        ),
    ),
    key=("serial",),
    references=(
        Reference(
            kind="collectors",
            columns=("collector_flag", "collector_serial"),
            parameter="collector_id",
        ),
    ),
    source="""
        select r.id, r.version, r.active, c.flag as collector_flag, c.serial as collector_serial,
            r.serial, r.make, r.model, r.frequency, host(r.ip_address) as ip_address,
            r.radio_address, r.reading_period_s
        from rf_module r
        join collector c on c.company_id = r.company_id and c.id = r.collector_id
        where r.company_id = {company}""",
    wall="c.field_id in ({fields})",
    reads=Scope.COMPANY_READ,
    writes=Scope.DEVICES_WRITE,
    create=made_by(rf_modules.add, frequency=Frequency.MHZ_868),
    change=changed_by(rf_modules.alter, "rf_module_id"),
)
