"""Subscribers, their accounts, and what is left on them."""

from tortoise import fields
from tortoise.models import Model

from db.enums import BillingMode


class Subscriber(Model):
    """A person or firm that is supplied, by its reference; what is personal stands elsewhere."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.IntField()
    reference = fields.TextField()
    version = fields.IntField()

    class Meta:
        table = "subscriber"


class Account(Model):
    """A subscriber's contract for one or more metering points of a premises."""

    id = fields.BigIntField(primary_key=True)
    company_id = fields.IntField()
    number = fields.TextField()
    subscriber_id = fields.BigIntField()
    premises_id = fields.BigIntField()
    tariff_id = fields.BigIntField(null=True)
    billing_mode = fields.CharEnumField(BillingMode)
    warning_limit_micro = fields.BigIntField(null=True)
    opened_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)
    version = fields.IntField()

    class Meta:
        table = "account"
