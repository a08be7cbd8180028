"""Forgetting readings and reads of contact data, without losing money or breaking the audit's chain."""

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

-- Reads of people's data may go, and nothing else; the chain keeps their seals.
create function is_contact_read(kind text, object_type text) returns boolean
language sql immutable as $$ select kind = 'READ' and object_type in ('Subscriber', 'ProtectionProof') $$;
drop trigger daily_entry_immutable on daily_entry;
create trigger daily_entry_immutable before update on daily_entry for each row execute function refuse_change();
create trigger daily_entry_kept before delete on daily_entry for each row
    when (not is_contact_read(old.kind, old.object_type)) execute function refuse_change();
create index daily_entry_of_contact_reads on daily_entry (company_id, recorded_at, id)
    where kind = 'READ' and object_type in ('Subscriber', 'ProtectionProof');
create index daily_entry_of_forgotten on daily_entry using gin ((before -> 'entries') jsonb_path_ops)
    where kind = 'DELETED' and object_type = 'DailyEntry';

-- Forgets sealed reads past the company's retention, and leaves an entry that names them: without
-- one, the chain is broken where they stood. Never by a clock that is ahead of the database's.
create function forget_contact_reads(of_company int, at timestamptz, entries_max int) returns int
language plpgsql security definer set search_path = public as $$
declare
    actor jsonb := coalesce(nullif(current_setting('app.actor', true), ''), '{"kind": "SYSTEM"}');
    forgotten int8[];
begin
    perform pg_advisory_xact_lock(hashtext('forget_contact_reads'), of_company);
    select array_agg(id order by id) into forgotten from (
        select e.id from daily_entry e join company c on c.id = e.company_id
        where e.company_id = of_company
            and e.kind = 'READ' and e.object_type in ('Subscriber', 'ProtectionProof')
            and e.recorded_at < least(at, clock_timestamp()) - c.contact_read_retention_days * interval '1 day'
            and exists (select from daily_entry_seal s where s.company_id = e.company_id and s.entry_id = e.id)
        order by e.recorded_at, e.id limit entries_max
    ) old;
    if forgotten is null then
        return 0;
    end if;
    delete from daily_entry where company_id = of_company and id = any(forgotten);
    insert into daily_entry (company_id, kind, object_type, actor_kind, actor_name, before)
    values (of_company, 'DELETED', 'DailyEntry', actor->>'kind', actor->>'name',
        jsonb_build_object('entries', to_jsonb(forgotten)));
    return cardinality(forgotten);
end $$;
revoke all on function forget_contact_reads from public;
grant execute on function forget_contact_reads to wattledger_system;

create index synchronisation_of_parameters on synchronisation (company_id, collector_id, at, id) where kind = 'PARAMETERS';
"""

DOWN = """
drop index synchronisation_of_parameters;
drop function forget_contact_reads;
drop index daily_entry_of_forgotten, daily_entry_of_contact_reads;
drop trigger daily_entry_kept on daily_entry;
drop trigger daily_entry_immutable on daily_entry;
create trigger daily_entry_immutable before update or delete on daily_entry for each row execute function refuse_change();
drop function is_contact_read;
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
