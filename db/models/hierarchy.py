"""Devices of a field: collectors, RF modules and meters."""

from tortoise import fields
from tortoise.models import Model

from db.enums import Frequency, Relay, Supply


class Collector(Model):
    """A data concentrator in a field. Its token stands elsewhere, hashed."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.IntField()
    field_id = fields.BigIntField()
    flag = fields.TextField()
    serial = fields.TextField()
    make = fields.TextField(null=True)
    model = fields.TextField(null=True)
    ipv4 = fields.TextField(null=True)
    ipv6 = fields.TextField(null=True)
    port = fields.IntField(null=True)
    software_version = fields.TextField(null=True)
    time_zone = fields.TextField()
    active = fields.BooleanField()
    review_first = fields.BooleanField()
    last_contact_at = fields.DatetimeField(null=True)
    last_synchronised_at = fields.DatetimeField(null=True)
    version = fields.IntField()

    class Meta:
        table = "collector"


class RfModule(Model):
    """An RF mesh modem behind a collector."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.IntField()
    collector_id = fields.BigIntField()
    serial = fields.TextField()
    make = fields.TextField(null=True)
    model = fields.TextField(null=True)
    frequency = fields.CharEnumField(Frequency)
    ip_address = fields.TextField(null=True)
    radio_address = fields.TextField(null=True)
    reading_period_s = fields.IntField()
    error_status = fields.TextField(null=True)
    active = fields.BooleanField()
    version = fields.IntField()

    class Meta:
        table = "rf_module"


class Meter(Model):
    """An electronic meter behind an RF module."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.IntField()
    rf_module_id = fields.BigIntField()
    serial = fields.TextField()
    make = fields.TextField(null=True)
    register_digits = fields.SmallIntField()
    power_w_max = fields.BigIntField()
    clock_rule = fields.TextField()
    relay = fields.CharEnumField(Relay)
    supply = fields.CharEnumField(Supply)
    supply_confirmed_at = fields.DatetimeField(null=True)
    active = fields.BooleanField()
    version = fields.IntField()

    class Meta:
        table = "meter"
