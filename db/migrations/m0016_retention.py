"""Forgetting readings, without losing what billing goes on from."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table kept_index (
    company_id int4 not null,
    meter_id int8 not null,
    at timestamptz not null,
    index_wh int8 not null,
    primary key (company_id, meter_id),
    foreign key (company_id, meter_id) references meter
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
comment on table kept_index is 'The newest index of each meter among the readings that were forgotten: billing goes on from it.';
call protect_tenant_table('kept_index', 'select');

create table readings_forgotten (
    company_id int4 not null references company,
    step text not null constraint readings_forgotten_step check (step in ('KEEP', 'DELETE')),
    day date not null,
    after_meter_id int8 not null,
    primary key (company_id, step)
);
comment on table readings_forgotten is 'How far forgetting has come: KEEP remembers the newest indexes, DELETE removes readings of companies that keep less than others.';
comment on column readings_forgotten.day is 'Of UTC; all before are done, and of this one the meters up to after_meter_id.';
call protect_tenant_table('readings_forgotten', 'select');

create index held_reading_by_receipt on held_reading (company_id, received_at);
create index reading_conflict_by_receipt on reading_conflict (company_id, received_at);

-- The owner drops a day of readings; `system` may only say which. It goes when it is empty, or when
-- every company's retention is over and its indexes are kept.
create function drop_readings(of_day date, at timestamptz) returns boolean
language plpgsql security definer set search_path = public set lock_timeout = '1s' as $$
declare
    part text := format('reading_%s', to_char(of_day, 'YYYYMMDD'));
    ends_at timestamptz := (of_day + 1)::timestamp at time zone 'UTC';
    is_empty boolean;
begin
    perform pg_advisory_xact_lock(hashtext('ensure_partitions'));
    if to_regclass(part) is null or ends_at > at - interval '365 days' then
        return false;
    end if;
    -- Before anything is looked at, so that nothing is added meanwhile.
    execute format('lock table %I in share mode', part);
    execute format('select not exists (select from %I)', part) into is_empty;
    if not is_empty and exists (
        select from company c left join readings_forgotten f on f.company_id = c.id and f.step = 'KEEP'
        where ends_at > at - c.reading_retention_days * interval '1 day'
            or f.day is null or f.day <= of_day
    ) then
        return false;
    end if;
    execute format('drop table %I', part);
    return true;
end $$;
revoke all on function drop_readings from public;
grant execute on function drop_readings to wattledger_system;
"""

DOWN = """
drop function drop_readings;
drop index reading_conflict_by_receipt, held_reading_by_receipt;
drop table readings_forgotten;
insert into billing_segment (company_id, meter_id, starts_at, base_index_wh, estimated)
    select company_id, meter_id, at, index_wh, false from kept_index
    on conflict (company_id, meter_id, starts_at) do nothing;
drop table kept_index;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0015_oidc")]
    operations = [RunSQL(UP, DOWN)]
