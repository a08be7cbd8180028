"""Collectors, RF modules and meters as tables."""

from db.access import Connection
from db.enums import Frequency, Relay, Scope
from db.ids import CollectorId, MeterId, RfModuleId
from domain.bulk import readers
from domain.bulk.kind import Change, Column, Creation, Kind, Reference
from domain.bulk.kinds import rf_module_rooms
from domain.hierarchy import collectors, meters, rf_modules


async def _create_collector(connection: Connection, new: Creation) -> int:
    # What it proves itself with is given out by `rotateCollectorToken`, never by a file.
    return await collectors.add(connection, company_id=new.company_id, token=None, **new.values)


async def _change_collector(connection: Connection, change: Change) -> None:
    await collectors.alter(
        connection,
        company_id=change.company_id,
        collector_id=CollectorId(change.row_id),
        expected_version=change.version,
        changes=change.changes,
    )


async def _create_rf_module(connection: Connection, new: Creation) -> int:
    values = {"frequency": Frequency.MHZ_868, **new.values}
    return await rf_modules.add(connection, company_id=new.company_id, **values)


async def _change_rf_module(connection: Connection, change: Change) -> None:
    await rf_modules.alter(
        connection,
        company_id=change.company_id,
        rf_module_id=RfModuleId(change.row_id),
        expected_version=change.version,
        changes=change.changes,
    )


async def _create_meter(connection: Connection, new: Creation) -> int:
    return await meters.add(connection, company_id=new.company_id, **new.values)


async def _change_meter(connection: Connection, change: Change) -> None:
    await meters.alter(
        connection,
        company_id=change.company_id,
        meter_id=MeterId(change.row_id),
        expected_version=change.version,
        changes=change.changes,
    )


COLLECTORS = Kind(
    name="collectors",
    columns=(
        Column(name="branch", meaning="The branch of its field.", example="North", required=True),
        Column(name="field", meaning="Where it stands.", example="Mall", required=True),
        Column(
            name="flag",
            meaning="Its maker's three letters.",
            example="WTL",
            required=True,
            check=collectors.CHECKS["flag"],
        ),
        Column(
            name="serial",
            meaning="Printed on it.",
            example="00001234",
            required=True,
            check=collectors.CHECKS["serial"],
        ),
        Column(
            name="time_zone",
            meaning="What its clock shows: an IANA time zone.",
            example="Europe/Istanbul",
            required=True,
            check=collectors.CHECKS["time_zone"],
        ),
        Column(
            name="make",
            meaning="Who made it.",
            example="REACH",
            clearable=True,
            check=collectors.CHECKS["make"],
        ),
        Column(
            name="model",
            meaning="Which of the maker's it is.",
            example="REACH-HD",
            clearable=True,
            check=collectors.CHECKS["model"],
        ),
        Column(
            name="ipv4",
            meaning="Its IPv4 address.",
            example="192.0.2.10",
            read=readers.address,
            clearable=True,
            check=collectors.CHECKS["ipv4"],
            scope=Scope.NETWORK_READ,
        ),
        Column(
            name="ipv6",
            meaning="Its IPv6 address.",
            example="2001:db8::10",
            read=readers.address,
            clearable=True,
            check=collectors.CHECKS["ipv6"],
            scope=Scope.NETWORK_READ,
        ),
        Column(
            name="port",
            meaning="Its TCP port.",
            example="1234",
            read=readers.whole_number,
            clearable=True,
            check=collectors.CHECKS["port"],
            scope=Scope.NETWORK_READ,
        ),
    ),
    key=("flag", "serial"),
    references=(Reference(kind="fields", columns=("branch", "field"), parameter="field_id"),),
    source="""
        select c.id, c.version, c.active, b.name as branch, f.name as field, c.flag, c.serial,
            c.time_zone, c.make, c.model, host(c.ipv4) as ipv4, host(c.ipv6) as ipv6, c.port
        from collector c
        join field f on f.company_id = c.company_id and f.id = c.field_id
        join branch b on b.company_id = f.company_id and b.id = f.branch_id
        where c.company_id = {company}""",
    wall="c.field_id in ({fields})",
    reads=Scope.COMPANY_READ,
    writes=Scope.DEVICES_WRITE,
    create=_create_collector,
    change=_change_collector,
)
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
    create=_create_rf_module,
    change=_change_rf_module,
)
METERS = Kind(
    name="meters",
    columns=(
        Column(
            name="rf_module",
            meaning="The serial of the RF module that reads it.",
            example="RF000042",
            required=True,
        ),
        Column(
            name="serial",
            meaning="Printed on it.",
            example="12345678",
            required=True,
            check=meters.CHECKS["serial"],
        ),
        Column(
            name="make",
            meaning="Who made it.",
            example="KLM",
            clearable=True,
            check=meters.CHECKS["make"],
        ),
        Column(
            name="clock_rule",
            meaning="What its clock shows: an IANA time zone, or a fixed offset such as +03:00.",
            example="+03:00",
            required=True,
            check=meters.CHECKS["clock_rule"],
        ),
        Column(
            name="register_digits",
            meaning="Whole kWh digits of its total register; 6 if empty.",
            example="6",
            read=readers.whole_number,
            check=meters.CHECKS["register_digits"],
        ),
        Column(
            name="power_w_max",
            meaning="The most that it can carry, in watts; 70000 if empty.",
            example="70000",
            read=readers.whole_number,
            check=meters.CHECKS["power_w_max"],
        ),
        Column(
            name="relay",
            meaning="What switches the supply: INTERNAL, CONTACTOR or NONE; NONE if empty.",
            example="INTERNAL",
            read=readers.word(Relay),
        ),
    ),
    key=("serial",),
    references=(Reference(kind="rf_modules", columns=("rf_module",), parameter="rf_module_id"),),
    source="""
        select m.id, m.version, m.active, r.serial as rf_module, m.serial, m.make, m.clock_rule,
            m.register_digits, m.power_w_max, m.relay
        from meter m
        join rf_module r on r.company_id = m.company_id and r.id = m.rf_module_id
        join collector c on c.company_id = r.company_id and c.id = r.collector_id
        where m.company_id = {company}""",
    wall="c.field_id in ({fields})",
    reads=Scope.METERS_READ,
    writes=Scope.DEVICES_WRITE,
    create=_create_meter,
    change=_change_meter,
    prepare=rf_module_rooms.hold_rf_modules,
    judge=rf_module_rooms.judge_room,
)
