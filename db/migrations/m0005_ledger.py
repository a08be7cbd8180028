"""The double-entry ledger, the outbox, and the partitions of what grows with time."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table ledger_account (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    kind text not null constraint ledger_account_kind check (kind in ('CREDIT', 'REVENUE', 'CASH')),
    account_id int8,
    currency text not null,
    primary key (company_id, id),
    foreign key (company_id, account_id) references account,
    constraint ledger_account_owner check ((kind = 'CREDIT') = (account_id is not null)),
    constraint ledger_account_once unique nulls not distinct (company_id, kind, account_id)
);
comment on table ledger_account is 'One side of the books: an account''s credit, or one of the company''s own.';

create table journal (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    kind text not null constraint journal_kind check (kind in ('ENERGY', 'CASH_TOP_UP')),
    idempotency_key text not null,
    request_hash bytea not null,
    occurred_at timestamptz not null,
    energy_date date,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (company_id, id),
    constraint journal_once unique (company_id, kind, idempotency_key),
    constraint journal_energy_date check ((kind = 'ENERGY') = (energy_date is not null))
);
comment on table journal is 'A transaction of the ledger. Immutable.';

create table entry (
    company_id int4 not null,
    journal_id int8 not null,
    line int2 not null,
    ledger_account_id int8 not null,
    amount numeric(20, 6) not null constraint entry_amount check (amount <> 0),
    currency text not null,
    primary key (company_id, journal_id, line),
    foreign key (company_id, journal_id) references journal,
    foreign key (company_id, ledger_account_id) references ledger_account
);
create index entry_of_ledger_account on entry (company_id, ledger_account_id);
comment on table entry is 'One movement within a journal; above zero credits the ledger account. Immutable.';

create function check_journal_balances() returns trigger language plpgsql as $$
begin
    if exists (
        select from entry where company_id = new.company_id and journal_id = new.journal_id
        group by currency having sum(amount) <> 0
    ) then
        raise exception 'entries of journal % do not sum to zero', new.journal_id using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger entry_sums_to_zero after insert on entry
    deferrable initially deferred for each row execute function check_journal_balances();
create trigger journal_immutable before update or delete on journal for each row execute function refuse_change();
create trigger entry_immutable before update or delete on entry for each row execute function refuse_change();

create sequence outbox_sequence as int8;
create table outbox (
    xid xid8 not null default pg_current_xact_id(),
    id int8 not null default nextval('outbox_sequence'),
    company_id int4 not null,
    topic text not null constraint outbox_topic check (topic in ('readings', 'balances')),
    created_at timestamptz not null,
    field_id int8,
    batch int8,
    from_ts timestamptz,
    to_ts timestamptz,
    meter_ids int8[] not null default '{}',
    account_ids int8[] not null default '{}',
    primary key (xid, id, created_at)
) partition by range (created_at);
create table outbox_rest partition of outbox default;
grant usage on sequence outbox_sequence to wattledger_app, wattledger_system;
comment on table outbox is 'What changed, committed with the change. Carries ids, never values.';

-- The owner makes partitions; `system` may only ask for it, by days around an instant.
create function ensure_partitions(around timestamptz, days_back int, days_ahead int) returns int
language plpgsql security definer set search_path = public as $$
declare
    day date;
    hour timestamp;
    made int := 0;
begin
    perform pg_advisory_xact_lock(hashtext('ensure_partitions'));
    for day in select generate_series((around at time zone 'UTC')::date - days_back, (around at time zone 'UTC')::date + days_ahead, '1 day') loop
        if to_regclass(format('reading_%s', to_char(day, 'YYYYMMDD'))) is null then
            execute format('create table reading_%s partition of reading for values from (%L) to (%L)',
                to_char(day, 'YYYYMMDD'), day || ' 00:00+00', day + 1 || ' 00:00+00');
            made := made + 1;
        end if;
        if day >= (around at time zone 'UTC')::date - 1 and to_regclass(format('raw_frame_%s', to_char(day, 'YYYYMMDD'))) is null then
            execute format('create table raw_frame_%s partition of raw_frame for values from (%L) to (%L)',
                to_char(day, 'YYYYMMDD'), day || ' 00:00+00', day + 1 || ' 00:00+00');
            made := made + 1;
        end if;
    end loop;
    for hour in select generate_series(date_trunc('hour', around at time zone 'UTC'), date_trunc('hour', around at time zone 'UTC') + interval '24 hours', '1 hour') loop
        if to_regclass(format('outbox_%s', to_char(hour, 'YYYYMMDDHH24'))) is null then
            begin
                execute format('create table outbox_%s partition of outbox for values from (%L) to (%L)',
                    to_char(hour, 'YYYYMMDDHH24'), hour || '+00', hour + interval '1 hour' || '+00');
                made := made + 1;
            exception when check_violation then
                null; -- rows of that hour are in outbox_rest already, where they are just as good
            end;
        end if;
    end loop;
    return made;
end $$;

create function drop_old_partitions(outbox_before timestamptz, raw_before timestamptz) returns int
language plpgsql security definer set search_path = public as $$
declare
    part record;
    dropped int := 0;
begin
    perform pg_advisory_xact_lock(hashtext('ensure_partitions'));
    for part in
        select child.relname, parent.relname as parent, regexp_replace(child.relname, '^.*_', '') as stamp
        from pg_inherits join pg_class child on child.oid = inhrelid join pg_class parent on parent.oid = inhparent
        where parent.relname in ('outbox', 'raw_frame') and child.relname ~ '_[0-9]+$'
    loop
        if (part.parent = 'outbox' and part.stamp < to_char(outbox_before at time zone 'UTC', 'YYYYMMDDHH24'))
           or (part.parent = 'raw_frame' and part.stamp < to_char(raw_before at time zone 'UTC', 'YYYYMMDD')
               -- A day stays while a frame of it waits; its fragments may be of the day before.
               and not exists (select from pending_frame where received_at >= part.stamp::date and received_at < part.stamp::date + 2)
               and not exists (select from review_frame where received_at >= part.stamp::date and received_at < part.stamp::date + 2)) then
            execute format('drop table %I', part.relname);
            dropped := dropped + 1;
        end if;
    end loop;
    delete from outbox_rest where created_at < outbox_before;
    return dropped;
end $$;
revoke all on function ensure_partitions, drop_old_partitions from public;
grant execute on function ensure_partitions, drop_old_partitions to wattledger_system;

call protect_tenant_table('ledger_account', 'select, insert');
call protect_tenant_table('journal', 'select, insert');
call protect_tenant_table('entry', 'select, insert');
call protect_tenant_table('outbox', 'select, insert');
revoke update, delete on ledger_account, journal, entry, outbox from wattledger_system;
"""

DOWN = """
drop function drop_old_partitions, ensure_partitions;
drop table outbox;
drop sequence outbox_sequence;
drop table entry, journal, ledger_account;
drop function check_journal_balances;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0004_readings")]
    operations = [RunSQL(UP, DOWN)]
