"""Readings, the latest of each meter, and what they charge."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table register_set (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    obis text[] not null,
    scaler int2[] not null,
    unit text[] not null,
    primary key (company_id, id),
    constraint register_set_once unique (company_id, obis, scaler, unit),
    constraint register_set_lengths check (cardinality(obis) = cardinality(scaler) and cardinality(obis) = cardinality(unit))
);
comment on table register_set is 'Which registers a reading''s values are, in order: OBIS code, power of ten, unit.';

create table reading (
    company_id int4 not null,
    meter_id int8 not null,
    register_set_id int8 not null,
    ts timestamptz not null,
    index_wh int8,
    quality text not null constraint reading_quality check (quality in ('ACTUAL', 'ESTIMATED', 'MANUAL', 'PROVISIONAL')),
    time_source text not null constraint reading_time_source check (time_source in ('METER', 'COLLECTOR', 'RECEIPT')),
    meter_at timestamptz,
    collector_at timestamptz,
    received_at timestamptz not null,
    frame_id int8 not null,
    "values" int8[] not null,
    primary key (company_id, meter_id, register_set_id, ts)
) partition by range (ts);
comment on table reading is 'All registers of a register set of a meter at an instant, as scaled integers.';
comment on column reading.index_wh is 'The total register in whole Wh, continuous across rollovers; NULL when the set has none.';

create table reading_conflict (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    meter_id int8 not null,
    register_set_id int8 not null,
    ts timestamptz not null,
    frame_id int8 not null,
    received_at timestamptz not null,
    "values" int8[] not null,
    primary key (company_id, id),
    constraint reading_conflict_once unique (company_id, meter_id, register_set_id, ts, "values")
);
comment on table reading_conflict is 'Other values for a reading that is already there; a person decides.';

create table held_reading (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    meter_id int8 not null,
    register_set_id int8 not null,
    ts timestamptz not null,
    rule text not null constraint held_rule check (rule in ('FUTURE', 'TOO_OLD', 'NEGATIVE_CONSUMPTION', 'REGISTER_RANGE', 'INTERVAL_SPIKE')),
    detail text not null,
    raw_index_wh int8,
    time_source text not null,
    meter_at timestamptz,
    collector_at timestamptz,
    received_at timestamptz not null,
    frame_id int8 not null,
    "values" int8[] not null,
    primary key (company_id, id),
    constraint held_reading_once unique (company_id, meter_id, register_set_id, ts, "values")
);
comment on table held_reading is 'Readings that a validation rule keeps out until a person decides.';

create table meter_latest (
    company_id int4 not null,
    meter_id int8 not null,
    register_set_id int8 not null,
    ts timestamptz not null,
    previous_ts timestamptz,
    batch int8 not null,
    "values" int8[] not null,
    previous_values int8[],
    primary key (company_id, meter_id, register_set_id)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
comment on table meter_latest is 'The newest reading of each meter and register set, and the one before.';

create table billing_state (
    company_id int4 not null,
    meter_id int8 not null,
    register_range_wh int8 not null constraint billing_register_range check (register_range_wh > 0),
    power_w_max int8 not null constraint billing_power check (power_w_max > 0),
    billed_at timestamptz,
    billed_index_wh int8,
    account_id int8,
    tariff_id int8,
    version_from timestamptz,
    multiplier numeric(12, 4) not null default 1,
    base_index_wh int8,
    terms_until timestamptz not null default 'infinity',
    primary key (company_id, meter_id),
    foreign key (company_id, meter_id) references meter
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
comment on table billing_state is 'How far a meter''s energy is charged, and on which terms, whichever register set brought it.';
comment on column billing_state.terms_until is 'When other terms begin or end, as far as was known then; a tariff''s versions know their own ends.';
comment on column billing_state.base_index_wh is 'Index at which the account''s tariff version began on this meter; charges are cumulative from here.';

create table billing_segment (
    company_id int4 not null,
    meter_id int8 not null,
    starts_at timestamptz not null,
    base_index_wh int8 not null,
    estimated bool not null,
    primary key (company_id, meter_id, starts_at)
);
comment on table billing_segment is 'The index at which each stretch of constant terms began on a meter; estimated when no reading stood there.';

create table account_balance (
    company_id int4 not null,
    account_id int8 not null,
    balance_micro int8 not null default 0,
    wake_below_micro int8,
    wake_above_micro int8,
    changed_at timestamptz not null,
    primary key (company_id, account_id),
    foreign key (company_id, account_id) references account
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
comment on table account_balance is 'Posted ledger balance less open accrual, in millionths of the company''s currency.';

create table accrual (
    company_id int4 not null,
    account_id int8 not null,
    local_date date not null,
    charged_micro int8 not null default 0,
    posted_micro int8 not null default 0,
    revision int4 not null default 0,
    primary key (company_id, account_id, local_date)
) with (fillfactor = 50);
-- Not partial: a predicate on the amounts would make every charge a non-HOT update.
create index accrual_of_date on accrual (company_id, local_date);
comment on table accrual is 'Energy charged to an account per local day, and how much of it the ledger has.';

create table open_day (
    company_id int4 not null references company,
    local_date date not null,
    primary key (company_id, local_date)
);
comment on table open_day is 'Local days on which the ledger may lack charges; the close works through them.';

create table attention (
    company_id int4 not null,
    account_id int8 not null,
    since timestamptz not null,
    primary key (company_id, account_id)
);
comment on table attention is 'Accounts whose balance crossed a wake mark and that nobody has looked at since.';

create sequence batch_sequence as int8;
grant usage on sequence batch_sequence to wattledger_system;

call protect_tenant_table('register_set', 'select');
call protect_tenant_table('reading', 'select');
call protect_tenant_table('reading_conflict', 'select');
call protect_tenant_table('held_reading', 'select');
call protect_tenant_table('meter_latest', 'select');
call protect_tenant_table('billing_state', 'select, insert, update');
call protect_tenant_table('billing_segment', 'select, insert, update');
call protect_tenant_table('account_balance', 'select, insert, update');
call protect_tenant_table('accrual', 'select, insert, update');
call protect_tenant_table('open_day', 'select, insert');
call protect_tenant_table('attention', 'select, insert');
"""

DOWN = """
drop sequence batch_sequence;
drop table attention, open_day, accrual, account_balance, billing_segment, billing_state, meter_latest,
    held_reading, reading_conflict, reading, register_set;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0003_frames")]
    operations = [RunSQL(UP, DOWN)]
