"""Between which readings the reactive energy of months was measured."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
alter table month_verdict add measured_by jsonb not null default '[]';
comment on column month_verdict.measured_by is 'The meters that told the energies, each with its multiplier and what its registers showed at both ends.';
"""

DOWN = """
alter table month_verdict drop measured_by;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0042_month_charges_at_once")]
    operations = [RunSQL(UP, DOWN)]
