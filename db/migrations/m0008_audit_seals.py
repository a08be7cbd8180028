"""Seals over the daily entries: a chain of hashes for each company, made behind the writers."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table unsealed_entry (
    company_id int4 not null,
    entry_id int8 not null,
    primary key (company_id, entry_id)
);
comment on table unsealed_entry is 'Daily entries that the sealer has not seen yet.';

create table daily_entry_seal (
    company_id int4 not null,
    number int8 not null constraint seal_number check (number > 0),
    entry_id int8 not null,
    digest bytea not null constraint seal_digest check (length(digest) = 32),
    hash bytea not null constraint seal_hash check (length(hash) = 32),
    sealed_at timestamptz not null,
    primary key (company_id, number),
    constraint seal_entry_once unique (company_id, entry_id)
);
comment on table daily_entry_seal is 'The chain: each hash covers an entry and every entry before it. Append-only.';
create trigger daily_entry_seal_immutable before update or delete on daily_entry_seal for each row execute function refuse_change();
create trigger daily_entry_seal_stays before truncate on daily_entry_seal execute function refuse_change();

create function queue_for_sealing() returns trigger
language plpgsql security definer set search_path = public as $$
begin
    insert into unsealed_entry select company_id, id from new_entries;
    return null;
end $$;
create trigger daily_entry_unsealed after insert on daily_entry referencing new table as new_entries
    for each statement execute function queue_for_sealing();
insert into unsealed_entry select company_id, id from daily_entry;

call protect_tenant_table('unsealed_entry', 'select');
call protect_tenant_table('daily_entry_seal', 'select');
revoke insert, update on unsealed_entry from wattledger_system;
revoke update, delete on daily_entry_seal from wattledger_system;
revoke insert on daily_entry from wattledger_app;
"""

DOWN = """
grant insert on daily_entry to wattledger_app;
drop trigger daily_entry_unsealed on daily_entry;
drop function queue_for_sealing;
drop table daily_entry_seal, unsealed_entry;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0007_audit")]
    operations = [RunSQL(UP, DOWN)]
