"""How much of bought credit paid for use that invoices of months tell."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table purchase_offset (
    company_id int4 not null,
    journal_id int8 not null,
    amount_micro int8 not null constraint purchase_offset_amount check (amount_micro > 0),
    primary key (company_id, journal_id),
    foreign key (company_id, journal_id) references journal
);
comment on table purchase_offset is 'What of bought credit paid for use that invoices of months tell: its own invoice is of the rest, if there is any.';
call protect_tenant_table('purchase_offset', 'select, insert');
revoke update, delete on purchase_offset from wattledger_system;
"""

DOWN = """
drop table purchase_offset;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0040_billing_modes")]
    operations = [RunSQL(UP, DOWN)]
