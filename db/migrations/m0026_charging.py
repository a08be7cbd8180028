"""What is charged beyond the total register, and which parts of charges are taxes."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table accrued_tax (
    company_id int4 not null,
    account_id int8 not null,
    local_date date not null,
    side text not null constraint accrued_tax_side check (side in ('TAX', 'TAX_IN_ADVANCE')),
    tax text not null,
    charged_micro int8 not null default 0,
    posted_micro int8 not null default 0,
    primary key (company_id, account_id, local_date, side, tax),
    foreign key (company_id, account_id, local_date) references accrual
) with (fillfactor = 50);
create index accrued_tax_of_date on accrued_tax (company_id, local_date);
comment on table accrued_tax is 'Which parts of an accrual are taxes, and how much of them the ledger has: TAX, or TAX_IN_ADVANCE where they fell due when the credit was bought.';
call protect_tenant_table('accrued_tax', 'select, insert, update');

alter table ledger_account
    drop constraint ledger_account_kind,
    drop constraint ledger_account_code,
    add constraint ledger_account_kind check (kind in ('CREDIT', 'DEBT', 'EMERGENCY_CREDIT', 'IN_FLIGHT',
        'CASH', 'BANK', 'PROVIDER_CLEARING', 'PROVIDER_FEES', 'REVENUE', 'TAX', 'TAX_IN_ADVANCE', 'ADJUSTMENTS', 'WRITE_OFF', 'DISPUTED')),
    add constraint ledger_account_code check (kind in ('TAX', 'TAX_IN_ADVANCE') or code is null);

create table estimated_charge (
    company_id int4 not null,
    meter_id int8 not null,
    account_id int8 not null,
    local_date date not null,
    primary key (company_id, account_id, local_date, meter_id),
    foreign key (company_id, meter_id) references meter,
    foreign key (company_id, account_id) references account
);
comment on table estimated_charge is 'Local days on which energy of a meter was split between prices by an estimate.';
call protect_tenant_table('estimated_charge', 'select, insert, delete');

create index tariff_version_taxing_top_ups on tariff_version (company_id)
    where state = 'ACTIVE' and definition ->> 'tax_point' = 'TOP_UP';
"""

DOWN = """
drop index tariff_version_taxing_top_ups;
-- What was posted meanwhile stays: the books are never changed.
alter table ledger_account
    drop constraint ledger_account_kind,
    drop constraint ledger_account_code,
    add constraint ledger_account_kind check (kind in ('CREDIT', 'DEBT', 'EMERGENCY_CREDIT', 'IN_FLIGHT',
        'CASH', 'BANK', 'PROVIDER_CLEARING', 'PROVIDER_FEES', 'REVENUE', 'TAX', 'ADJUSTMENTS', 'WRITE_OFF', 'DISPUTED')) not valid,
    add constraint ledger_account_code check (kind = 'TAX' or code is null) not valid;
drop table estimated_charge;
drop table accrued_tax;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0025_submeters")]
    operations = [RunSQL(UP, DOWN)]
