"""Data of people, each under a key of its own."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = "select 1"
DOWN = "select 1"


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0009_hierarchy")]
    operations = [RunSQL(UP, DOWN)]
