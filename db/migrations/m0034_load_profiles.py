"""Load profiles of meters: what they measured in each interval."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

from db.migrations.m0005_ledger import UP as LEDGER

# As it was before, for the way down.
PARTITIONS_BEFORE = LEDGER[
    LEDGER.index("create function ensure_partitions") : LEDGER.index(
        "create function drop_old_partitions"
    )
]
READING_ALONE = "        if day >= (around"
PARTITIONS = PARTITIONS_BEFORE.replace(
    READING_ALONE,
    """        if to_regclass(format('load_interval_%s', to_char(day, 'YYYYMMDD'))) is null then
            execute format('create table load_interval_%s partition of load_interval for values from (%L) to (%L)',
                to_char(day, 'YYYYMMDD'), day || ' 00:00+00', day + 1 || ' 00:00+00');
            made := made + 1;
        end if;
"""
    + READING_ALONE,
)

COLUMNS = """
    company_id int4 not null,
    meter_id int8 not null,
    channel text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    kind text not null,
    unit text not null,
    value int8 not null,
    status text not null,
    received_at timestamptz not null,
    frame_id int8 not null,
"""

UP = f"""
create table load_interval ({COLUMNS}
    primary key (company_id, meter_id, channel, starts_at),
    constraint load_interval_kind check (kind in ('POWER', 'ENERGY', 'INDEX')),
    constraint load_interval_unit check (unit in ('Wh', 'varh', 'VAh')),
    constraint load_interval_length check (ends_at > starts_at and ends_at <= starts_at + interval '1 day'),
    constraint load_interval_value check (value >= 0)
) partition by range (starts_at);
comment on table load_interval is 'What a channel of a meter''s load profile says of an interval; those of a channel never overlap.';
comment on column load_interval.channel is 'OBIS code; with its medium where that is not the meter''s own.';
comment on column load_interval.value is 'Thousandths of the unit: energy of the interval, also where the meter tells power; with INDEX the index at its end.';
comment on column load_interval.status is 'As the meter printed it.';

create table interval_conflict ({COLUMNS}
    id int8 not null default nextval('id_sequence'),
    primary key (company_id, id),
    constraint interval_conflict_once unique (company_id, meter_id, channel, starts_at, ends_at, kind, unit, value)
);
create index interval_conflict_by_receipt on interval_conflict (company_id, received_at);
comment on table interval_conflict is 'Other values for intervals that are there already, or that overlap these; a person decides.';

create table held_interval ({COLUMNS}
    id int8 not null default nextval('id_sequence'),
    rule text not null constraint held_interval_rule check (rule in ('FUTURE', 'TOO_OLD')),
    detail text not null,
    primary key (company_id, id),
    constraint held_interval_once unique (company_id, meter_id, channel, starts_at, ends_at, kind, unit, value)
);
create index held_interval_by_receipt on held_interval (company_id, received_at);
comment on table held_interval is 'Intervals that a validation rule keeps out until a person decides.';

create table profiles_forgotten (
    company_id int4 not null references company,
    day date not null,
    primary key (company_id)
);
comment on table profiles_forgotten is 'How far forgetting the intervals of companies that keep less than others has come.';
comment on column profiles_forgotten.day is 'Of UTC; all before are done.';

call protect_tenant_table('profiles_forgotten', 'select');
call protect_tenant_table('load_interval', 'select');
call protect_tenant_table('interval_conflict', 'select');
call protect_tenant_table('held_interval', 'select');

{PARTITIONS.replace("create function", "create or replace function", 1)}

-- The owner drops a day of intervals; `system` may only say which. It goes when it is empty, or when
-- every company's retention is over.
create function drop_load_intervals(of_day date, at timestamptz) returns boolean
language plpgsql security definer set search_path = public set lock_timeout = '1s' as $$
declare
    part text := format('load_interval_%s', to_char(of_day, 'YYYYMMDD'));
    ends_at timestamptz := (of_day + 1)::timestamp at time zone 'UTC';
    is_empty boolean;
begin
    perform pg_advisory_xact_lock(hashtext('ensure_partitions'));
    -- Later ones would be made again.
    if to_regclass(part) is null or ends_at > at - interval '101 days' then
        return false;
    end if;
    -- Before anything is looked at, so that nothing is added meanwhile.
    execute format('lock table %I in share mode', part);
    execute format('select not exists (select from %I)', part) into is_empty;
    if not is_empty and exists (
        select from company where ends_at > at - profile_retention_days * interval '1 day'
    ) then
        return false;
    end if;
    execute format('drop table %I', part);
    return true;
end $$;
revoke all on function drop_load_intervals from public;
grant execute on function drop_load_intervals to wattledger_system;

alter table outbox drop constraint outbox_topic,
    add constraint outbox_topic check (topic in ('readings', 'balances', 'profiles'));
"""

DOWN = f"""
delete from outbox where topic = 'profiles';
alter table outbox drop constraint outbox_topic, add constraint outbox_topic check (topic in ('readings', 'balances'));
drop function drop_load_intervals;
{PARTITIONS_BEFORE.replace("create function", "create or replace function", 1)}
drop table profiles_forgotten, held_interval, interval_conflict, load_interval;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0033_month_charges")]
    operations = [RunSQL(UP, DOWN)]
