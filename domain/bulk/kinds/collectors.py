"""Collectors as a table."""

from db.enums import Scope
from domain.bulk import readers
from domain.bulk.kind import Column, Kind, Reference
from domain.bulk.kinds import devices
from domain.bulk.operations import changed_by, made_by
from domain.hierarchy import collectors

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
        devices.serial("00001234", collectors.CHECKS),
        Column(
            name="time_zone",
            meaning="What its clock shows: an IANA time zone.",
            example="Europe/Istanbul",
            required=True,
            check=collectors.CHECKS["time_zone"],
        ),
        devices.make("REACH", collectors.CHECKS),
        devices.model("REACH-HD", collectors.CHECKS),
        devices.network(
            "ipv4", "Its IPv4 address.", "192.0.2.10", collectors.CHECKS, read=readers.address
        ),
        devices.network(
            "ipv6", "Its IPv6 address.", "2001:db8::10", collectors.CHECKS, read=readers.address
        ),
        devices.network(
            "port", "Its TCP port.", "1234", collectors.CHECKS, read=readers.whole_number
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
    # What it proves itself with is given out by `rotateCollectorToken`, never by a file.
    create=made_by(collectors.add, token=None),
    change=changed_by(collectors.alter, "collector_id"),
)
