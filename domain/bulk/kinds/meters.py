"""Meters as a table."""

from db.enums import Relay, Scope
from domain.bulk import readers
from domain.bulk.kind import Column, Kind, Reference
from domain.bulk.kinds import devices, rf_module_rooms
from domain.bulk.operations import changed_by, made_by
from domain.hierarchy import meters

METERS = Kind(
    name="meters",
    columns=(
        Column(
            name="rf_module",
            meaning="The serial of the RF module that reads it.",
            example="RF000042",
            required=True,
        ),
        devices.serial("12345678", meters.CHECKS),
        devices.make("KLM", meters.CHECKS),
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
    create=made_by(meters.add),
    change=changed_by(meters.alter, "meter_id"),
    prepare=rf_module_rooms.hold_rf_modules,
    judge=rf_module_rooms.judge_room,
)
