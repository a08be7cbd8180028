"""RF modules as a table."""

from db.enums import Frequency, Scope
from domain.bulk import readers
from domain.bulk.kind import Column, Kind, Reference
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
        Column(
            name="serial",
            meaning="Printed on it.",
            example="RF000042",
            required=True,
            check=rf_modules.CHECKS["serial"],
        ),
        Column(
            name="make",
            meaning="Who made it.",
            example="Mahmote",
            clearable=True,
            check=rf_modules.CHECKS["make"],
        ),
        Column(
            name="model",
            meaning="Which of the maker's it is.",
            example="U-MOTE",
            clearable=True,
            check=rf_modules.CHECKS["model"],
        ),
        Column(
            name="frequency",
            meaning="Its radio band, MHZ_868 or MHZ_2400; MHZ_868 if empty.",
            example="MHZ_868",
            read=readers.word(Frequency),
        ),
        Column(
            name="ip_address",
            meaning="Its IP address.",
            example="192.0.2.42",
            read=readers.address,
            clearable=True,
            check=rf_modules.CHECKS["ip_address"],
            scope=Scope.NETWORK_READ,
        ),
        Column(
            name="radio_address",
            meaning="Its address in the mesh.",
            example="0A1B",
            clearable=True,
            check=rf_modules.CHECKS["radio_address"],
            scope=Scope.NETWORK_READ,
        ),
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
