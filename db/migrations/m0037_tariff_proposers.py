"""With which key prices were proposed, so that nobody who stands behind it approves them."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
alter table tariff_version
    add column proposed_by_key int8,
    add constraint tariff_version_proposed_by_key foreign key (company_id, proposed_by_key) references api_key;
comment on column tariff_version.proposed_by_key is 'The key of the program that proposed it, if none of its people did in person.';
"""

DOWN = """
alter table tariff_version drop column proposed_by_key;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0034_load_profiles")]
    operations = [RunSQL(UP, DOWN)]
