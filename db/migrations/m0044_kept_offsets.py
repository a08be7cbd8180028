"""How much of bought credit is kept for invoices of months that are not there yet."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
alter table purchase_offset
    add account_id int8,
    add kept_micro int8 not null default 0,
    add constraint purchase_offset_kept check (kept_micro between 0 and amount_micro and (kept_micro = 0 or account_id is not null));
comment on column purchase_offset.kept_micro is 'What of it no invoice told yet when it was bought: those that come are paid by it.';
create index purchase_offset_account on purchase_offset (company_id, account_id) where kept_micro > 0;
"""

DOWN = """
alter table purchase_offset drop account_id, drop kept_micro;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0043_reactive_indexes")]
    operations = [RunSQL(UP, DOWN)]
