"""API keys and registered documents."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = "select 1"
DOWN = "select 1"


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0011_identity")]
    operations = [RunSQL(UP, DOWN)]
