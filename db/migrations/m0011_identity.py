"""Users, roles, second factors and invitations."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = "select 1"
DOWN = "select 1"


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0010_people")]
    operations = [RunSQL(UP, DOWN)]
