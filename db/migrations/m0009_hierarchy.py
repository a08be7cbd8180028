"""Managing the hierarchy."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = "select 1"
DOWN = "select 1"


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0008_audit_seals")]
    operations = [RunSQL(UP, DOWN)]
