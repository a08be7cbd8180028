"""Data of people, each under a key of its own; premises and metering points that retire."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
alter table premises add column active bool not null default true;
alter table metering_point add column active bool not null default true;
"""
DOWN = """
alter table metering_point drop column active;
alter table premises drop column active;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0009_hierarchy")]
    operations = [RunSQL(UP, DOWN)]
