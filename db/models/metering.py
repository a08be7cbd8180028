"""Premises, their metering points, and the meters mounted there."""

from tortoise import fields
from tortoise.models import Model

from db.enums import PointRole


class Premises(Model):
    """An office or shop that is supplied."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.IntField()
    field_id = fields.BigIntField()
    name = fields.TextField()
    version = fields.IntField()

    class Meta:
        table = "premises"


class MeteringPoint(Model):
    """Where the energy of a premises is measured (tesisat); outlives meters."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.IntField()
    premises_id = fields.BigIntField()
    code = fields.TextField()
    role = fields.CharEnumField(PointRole)
    parent_id = fields.BigIntField(null=True)
    installed_kva = fields.DecimalField(max_digits=12, decimal_places=3, null=True)
    connection_kw = fields.DecimalField(max_digits=12, decimal_places=3, null=True)
    phases = fields.SmallIntField(null=True)
    version = fields.IntField()

    class Meta:
        table = "metering_point"


class Mounting(Model):
    """A meter at a metering point over a period; no two overlap for a meter or a point."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.IntField()
    meter_id = fields.BigIntField()
    point_id = fields.BigIntField()
    multiplier = fields.DecimalField(max_digits=12, decimal_places=4)
    started_at = fields.DatetimeField()
    initial_index_wh = fields.BigIntField()
    ended_at = fields.DatetimeField(null=True)
    final_index_wh = fields.BigIntField(null=True)

    class Meta:
        table = "mounting"
