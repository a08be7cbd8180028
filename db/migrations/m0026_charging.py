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

alter table account add column category text constraint account_category check (category ~ '^[A-Z][A-Z0-9_]{0,39}$');
comment on column account.category is 'Of what kind its use is, which taxes may exempt; agreed when it was opened, and as long as it lasts.';
create function refuse_change_of_category() returns trigger language plpgsql as $$
begin
    raise exception 'the category of account % decided what it was charged', old.id using errcode = 'restrict_violation';
end $$;
create trigger account_category_stays before update of category on account for each row
    when (old.category is distinct from new.category) execute function refuse_change_of_category();

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
drop trigger account_category_stays on account;
drop function refuse_change_of_category;
alter table account drop column category;
drop table estimated_charge;
drop table accrued_tax;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0025_submeters")]
    operations = [RunSQL(UP, DOWN)]
