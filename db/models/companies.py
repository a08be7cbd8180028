"""Companies, branches and fields."""

from tortoise import fields
from tortoise.models import Model


class Company(Model):
    """Who sells the energy. A tenant."""

    id = fields.IntField(primary_key=True)
    name = fields.TextField()
    currency = fields.TextField()
    time_zone = fields.TextField()
    locale = fields.TextField()
    active = fields.BooleanField()
    review_first = fields.BooleanField()
    clock_drift_max_s = fields.IntField()
    warning_limit_micro = fields.BigIntField()
    raw_frame_retention_days = fields.IntField()
    created_at = fields.DatetimeField()
    version = fields.IntField()

    class Meta:
        table = "company"


class Branch(Model):
    """A regional branch of a company."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.IntField()
    name = fields.TextField()
    active = fields.BooleanField()
    version = fields.IntField()

    class Meta:
        table = "branch"


class Field(Model):
    """One operational site of a branch: a mall, an industrial zone."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.IntField()
    branch_id = fields.BigIntField()
    name = fields.TextField()
    latitude = fields.FloatField(null=True)
    longitude = fields.FloatField(null=True)
    active = fields.BooleanField()
    review_first = fields.BooleanField()
    version = fields.IntField()

    class Meta:
        table = "field"
