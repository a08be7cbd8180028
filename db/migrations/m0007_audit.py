"""Daily entries: who changed what, recorded by the database itself, so that no write goes without.

`record_changes` puts a table under record. Secret columns show only that they are there; ignored
columns are noise, and a change of nothing else leaves no entry.
"""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table daily_entry (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    recorded_at timestamptz not null default clock_timestamp(),
    kind text not null constraint daily_entry_kind check (kind in ('ADDED', 'UPDATED', 'DELETED', 'READ')),
    object_type text not null,
    object_id int8,
    actor_kind text not null constraint daily_entry_actor check (actor_kind in ('USER', 'KEY', 'JOB', 'COMMAND', 'COLLECTOR', 'SYSTEM')),
    user_id int8,
    key_id int8,
    actor_name text,
    role text,
    address text,
    request_id text,
    database_role text not null default session_user,
    before jsonb,
    after jsonb,
    primary key (company_id, id)
);
create index daily_entry_of_object on daily_entry (company_id, object_type, object_id, id);
create index daily_entry_of_user on daily_entry (company_id, user_id, id);
create index daily_entry_by_time on daily_entry (company_id, recorded_at, id);
create trigger daily_entry_immutable before update or delete on daily_entry for each row execute function refuse_change();
create trigger daily_entry_stays before truncate on daily_entry execute function refuse_change();
comment on table daily_entry is 'Who did what to which object, when, from where. Append-only; company 0 is the platform.';
call protect_tenant_table('daily_entry', 'select, insert');
revoke update, delete on daily_entry from wattledger_system;

-- What an entry shows of a row: no noise, and of secrets only that they are there.
create function shown_in_entry(shown jsonb, secrets text[], ignored text[]) returns jsonb
language sql immutable strict as $$
    select coalesce(jsonb_object_agg(key, case when key = any(secrets) and value <> 'null' then to_jsonb('*'::text) else value end), '{}')
    from jsonb_each(shown) where key <> all(ignored)
$$;

-- Arguments: type of object, key columns, secret columns, ignored columns, each a list in braces.
create function record_daily_entries() returns trigger
language plpgsql security definer set search_path = public as $$
declare
    actor jsonb := coalesce(nullif(current_setting('app.actor', true), ''), '{"kind": "SYSTEM"}');
    keys text[] := tg_argv[1];
    secrets text[] := tg_argv[2];
    ignored text[] := tg_argv[3];
    change record;
begin
    for change in execute case tg_op
        when 'INSERT' then 'select null::jsonb as o, to_jsonb(r) as n from new_rows r'
        when 'DELETE' then 'select to_jsonb(r) as o, null::jsonb as n from old_rows r'
        else format('select to_jsonb(b) as o, to_jsonb(a) as n from old_rows b join new_rows a on %s',
            (select string_agg(format('a.%1$I is not distinct from b.%1$I', key), ' and ') from unnest(keys) key))
        end
    loop
        if tg_op = 'UPDATE' and shown_in_entry(change.o, '{}', ignored) = shown_in_entry(change.n, '{}', ignored) then
            continue;
        end if;
        insert into daily_entry (company_id, kind, object_type, object_id, actor_kind, user_id, key_id,
            actor_name, role, address, request_id, before, after)
        select
            case when tg_table_name = 'company' then (whole->>'id')::int
                else coalesce((whole->>'company_id')::int, nullif(current_setting('app.company', true), '')::int, 0) end,
            case tg_op when 'INSERT' then 'ADDED' when 'UPDATE' then 'UPDATED' else 'DELETED' end,
            tg_argv[0], (whole->>keys[array_upper(keys, 1)])::int8,
            actor->>'kind', (actor->>'user_id')::int8, (actor->>'key_id')::int8, actor->>'name',
            actor->>'role', actor->>'address', actor->>'request_id',
            shown_in_entry(change.o, secrets, case when tg_op = 'UPDATE' then ignored || unchanged else ignored end),
            shown_in_entry(change.n, secrets, case when tg_op = 'UPDATE' then ignored || unchanged else ignored end)
        from (
            select coalesce(change.n, change.o) as whole,
                array(select key from jsonb_each(change.o) where value is not distinct from change.n->key) as unchanged
        ) facts;
    end loop;
    return null;
end $$;

-- key: what identifies a row, the number of the object last.
create procedure record_changes(
    name regclass, object_type text, key text[] default '{company_id,id}', secrets text[] default '{}',
    ignored text[] default '{}'
) language plpgsql as $$
declare
    arguments text := format('(%L, %L, %L, %L)', object_type, key, secrets, ignored || 'version'::text);
begin
    execute format('create trigger record_added after insert on %s referencing new table as new_rows for each statement execute function record_daily_entries%s', name, arguments);
    execute format('create trigger record_updated after update on %s referencing old table as old_rows new table as new_rows for each statement execute function record_daily_entries%s', name, arguments);
    execute format('create trigger record_deleted after delete on %s referencing old table as old_rows for each statement execute function record_daily_entries%s', name, arguments);
end $$;

call record_changes('company', 'Company', '{id}');
call record_changes('app_user', 'User', '{id}', '{password_hash}');
call record_changes('session', 'Session', '{id}', '{refresh_hash,previous_hash}', '{refresh_hash,previous_hash,expires_at}');
call record_changes('membership', 'Membership');
call record_changes('branch', 'Branch');
call record_changes('field', 'Field');
call record_changes('subscriber', 'Subscriber', secrets => '{name,email,phone}');
call record_changes('collector', 'Collector', ignored => '{last_contact_at}');
call record_changes('collector_identity', 'CollectorIdentity', '{company_id,flag,serial,collector_id}', '{token_hash}');
call record_changes('rf_module', 'RfModule');
call record_changes('meter', 'Meter');
call record_changes('premises', 'Premises');
call record_changes('metering_point', 'MeteringPoint');
call record_changes('mounting', 'Mounting');
call record_changes('tariff', 'Tariff');
call record_changes('tariff_version', 'TariffVersion', '{company_id,valid_from,tariff_id}');
call record_changes('account', 'Account');
call record_changes('account_point', 'AccountPoint', '{company_id,point_id,started_at,account_id}');
"""

DOWN = """
do $$
declare
    part record;
begin
    for part in select tgname, tgrelid::regclass as name from pg_trigger where tgfoid = 'record_daily_entries'::regproc loop
        execute format('drop trigger %I on %s', part.tgname, part.name);
    end loop;
end $$;
drop procedure record_changes;
drop function record_daily_entries;
drop function shown_in_entry;
drop table daily_entry;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0006_jobs")]
    operations = [RunSQL(UP, DOWN)]
