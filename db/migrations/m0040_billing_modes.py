"""When accounts paid before they consumed, and when after."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table account_mode (
    company_id int4 not null,
    account_id int8 not null,
    started_at timestamptz not null,
    mode text not null constraint account_mode_mode check (mode in ('PREPAID', 'POSTPAID')),
    ended_at timestamptz,
    primary key (company_id, account_id, started_at),
    foreign key (company_id, account_id) references account,
    constraint account_mode_period check (ended_at > started_at),
    constraint account_mode_one_mode exclude using gist (company_id with =, account_id with =, tstzrange(started_at, ended_at) with &&)
);
create index account_mode_postpaid on account_mode (company_id, account_id) where mode = 'POSTPAID';
comment on table account_mode is 'Whether an account paid before or after it consumed, and when; the last mode outlasts the account.';

-- What was before is not known; nobody was invoiced by it.
insert into account_mode (company_id, account_id, started_at, mode)
select company_id, id, opened_at, billing_mode from account;

call protect_tenant_table('account_mode', 'select, insert, update');
"""

DOWN = """
drop table account_mode;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0039_netting")]
    operations = [RunSQL(UP, DOWN)]
