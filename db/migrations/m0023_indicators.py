"""Sums of the books, of energy and of how accounts stand, by field and local day."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table premises_stay (
    company_id int4 not null,
    premises_id int8 not null,
    until_date date not null,
    field_id int8 not null,
    primary key (company_id, premises_id, until_date),
    foreign key (company_id, premises_id) references premises,
    foreign key (company_id, field_id) references field
);
comment on table premises_stay is 'To which field premises belonged up to the end of a local day; after the last one they are where their row says.';
call protect_tenant_table('premises_stay', 'select, insert');
revoke update, delete on premises_stay from wattledger_system;

-- Which field and day an entry counts for is said when it is posted, and as immutable as the entry.
alter table journal add local_date date;
comment on column journal.local_date is 'The company''s local day of occurred_at, by its time zone when it was posted.';
alter table entry add field_id int8;
comment on column entry.field_id is 'The field it counts for: that of the account, or of the transaction''s first one; null without any.';
alter table journal disable trigger journal_immutable;
update journal j set local_date = (j.occurred_at at time zone c.time_zone)::date
from company c where c.id = j.company_id;
alter table journal enable trigger journal_immutable;
alter table entry disable trigger entry_immutable;
update entry e set field_id = (
    select p.field_id from entry f
    join account a on a.company_id = f.company_id and a.id = f.account_id
    join premises p on p.company_id = a.company_id and p.id = a.premises_id
    where f.company_id = e.company_id and f.journal_id = e.journal_id
    order by f.line <> e.line, f.line limit 1);
alter table entry enable trigger entry_immutable;

create table unsummed_journal (
    company_id int4 not null,
    journal_id int8 not null,
    primary key (company_id, journal_id)
) with (autovacuum_vacuum_scale_factor = 0.02);
comment on table unsummed_journal is 'A queue of transactions whose entries are not in money_sum yet.';
call protect_tenant_table('unsummed_journal', 'select, insert');
insert into unsummed_journal select company_id, id from journal;

create table money_sum (
    company_id int4 not null references company,
    local_date date not null,
    field_id int8,
    kind text not null,
    side text not null,
    debited numeric(26, 6) not null,
    credited numeric(26, 6) not null,
    debits int8 not null,
    credits int8 not null,
    foreign key (company_id, field_id) references field,
    constraint money_sum_once unique nulls not distinct (company_id, local_date, field_id, kind, side)
) with (fillfactor = 80);
comment on table money_sum is 'What the entries of a local day come to: below zero, above zero, and how many of each.';
call protect_tenant_table('money_sum', 'select');

alter table accrual add energy_wh numeric(20, 4) not null default 0;
comment on column accrual.energy_wh is 'The energy that is charged, on the consumer''s side of the multiplier.';

create table charged_day (
    company_id int4 not null references company,
    local_date date not null,
    opened int8 not null default 1,
    primary key (company_id, local_date)
);
comment on table charged_day is 'Local days that anything was charged to, and how often they began to be open.';
call protect_tenant_table('charged_day', 'select, insert, update');
create function note_charged_day() returns trigger language plpgsql as $$
begin
    insert into charged_day as d (company_id, local_date) values (new.company_id, new.local_date)
    on conflict (company_id, local_date) do update set opened = d.opened + 1;
    return null;
end $$;
create trigger open_day_charged after insert on open_day for each row execute function note_charged_day();
insert into charged_day (company_id, local_date) select distinct company_id, local_date from accrual;

create table measured_day (
    company_id int4 not null,
    local_date date not null,
    opened int8,
    as_of timestamptz not null,
    primary key (company_id, local_date),
    foreign key (company_id) references company
);
comment on table measured_day is 'When charge_sum was made for a day.';
comment on column measured_day.opened is 'How often the day had been open when it was not open any more; null while it was open.';
call protect_tenant_table('measured_day', 'select');

create table charge_sum (
    company_id int4 not null,
    local_date date not null,
    field_id int8 not null,
    charged_micro int8 not null,
    energy_wh numeric(26, 4) not null,
    accounts int4 not null,
    primary key (company_id, local_date, field_id),
    foreign key (company_id, field_id) references field
);
comment on table charge_sum is 'What the energy of a local day comes to, as of measured_day.';
call protect_tenant_table('charge_sum', 'select');

create table standing_sum (
    company_id int4 not null,
    local_date date not null,
    field_id int8 not null,
    as_of timestamptz not null,
    no_energy int4 not null,
    invoiced int4 not null,
    warning_limit int4 not null,
    credit int4 not null,
    below_warning int4 not null,
    balance_micro numeric(26) not null,
    debt_micro numeric(26) not null,
    emergency_used_micro numeric(26) not null,
    in_flight_micro numeric(26) not null,
    daily_use_micro numeric(26) not null,
    run_out_days numeric(20, 4) not null,
    run_outs int4[] not null,
    primary key (company_id, local_date, field_id),
    foreign key (company_id, field_id) references field
);
comment on table standing_sum is 'How the accounts of a field stood at as_of: the last time on that local day.';
comment on column standing_sum.run_outs is 'How many prepaid accounts are expected to run out within each span of days; the last: later.';
call protect_tenant_table('standing_sum', 'select');
"""

DOWN = """
drop table standing_sum, charge_sum, measured_day;
drop trigger open_day_charged on open_day;
drop function note_charged_day;
drop table charged_day;
alter table accrual drop energy_wh;
drop table money_sum, unsummed_journal;
alter table entry drop field_id;
alter table journal drop local_date;
drop table premises_stay;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0022_topups")]
    operations = [RunSQL(UP, DOWN)]
