"""Data of people, each under a key of its own; premises and metering points that retire.

Names, e-mails and telephone numbers of before wait in `plain_contact` until `wattledger migrate`,
which knows the key, has sealed them. Going down cannot open what is sealed: names come back empty.
"""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
alter table premises add column active bool not null default true;
alter table metering_point add column active bool not null default true;

create table plain_contact (
    company_id int4 not null,
    subscriber_id int8 not null,
    name text not null,
    email text,
    phone text,
    primary key (company_id, subscriber_id),
    foreign key (company_id, subscriber_id) references subscriber
);
insert into plain_contact select company_id, id, name, email, phone from subscriber;
comment on table plain_contact is 'Contact data of before it was sealed; migrating empties it.';
call protect_tenant_table('plain_contact', 'select');

drop trigger record_added on subscriber;
drop trigger record_updated on subscriber;
drop trigger record_deleted on subscriber;
alter table subscriber
    drop column name,
    drop column email,
    drop column phone,
    add column erased_at timestamptz,
    add column erasure_reason text constraint subscriber_erasure_reason check (erasure_reason in ('REQUESTED', 'RETENTION_ENDED', 'MISTAKEN', 'ORDERED')),
    add constraint subscriber_erased check ((erased_at is null) = (erasure_reason is null));
comment on table subscriber is 'A person or firm that is supplied; who that is, `subscriber_contact` says.';
call record_changes('subscriber', 'Subscriber');

create table person_key (
    company_id int4 not null,
    subscriber_id int8 not null,
    wrapped_key bytea not null,
    master_id text not null,
    primary key (company_id, subscriber_id),
    foreign key (company_id, subscriber_id) references subscriber
);
comment on table person_key is 'The key of each person''s data, wrapped under the master key; destroying it erases the person.';
call protect_tenant_table('person_key', 'select, insert, update, delete');
call record_changes('person_key', 'PersonKey', '{company_id,subscriber_id}', '{wrapped_key}');

create table subscriber_contact (
    company_id int4 not null,
    subscriber_id int8 not null,
    name bytea,
    email bytea,
    phone bytea,
    address bytea,
    invoice_address bytea,
    identity_number bytea,
    language bytea,
    primary key (company_id, subscriber_id),
    foreign key (company_id, subscriber_id) references subscriber
);
comment on table subscriber_contact is 'How to reach a subscriber, each field sealed under the person''s key.';
call protect_tenant_table('subscriber_contact', 'select, insert, update');
call record_changes('subscriber_contact', 'Subscriber', '{company_id,subscriber_id}',
    '{name,email,phone,address,invoice_address,identity_number,language}');

create table contact_token (
    company_id int4 not null,
    kind text not null constraint contact_token_kind check (kind in ('EMAIL', 'PHONE', 'NAME')),
    token bytea not null,
    subscriber_id int8 not null,
    primary key (company_id, kind, token, subscriber_id),
    foreign key (company_id, subscriber_id) references subscriber
);
create index contact_token_of_subscriber on contact_token (company_id, subscriber_id);
comment on table contact_token is 'Keyed hashes that subscribers are found by: of e-mail, telephone number and beginnings of names.';
call protect_tenant_table('contact_token', 'select, insert, delete');

create table protection_proof (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    subscriber_id int8 not null,
    valid_from date not null,
    valid_until date,
    detail bytea,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, subscriber_id) references subscriber,
    constraint protection_proof_period check (valid_until >= valid_from)
);
create index protection_proof_of_subscriber on protection_proof (company_id, subscriber_id);
comment on table protection_proof is 'From when to when a subscriber must not be cut off; why, and what proves it, is sealed in `detail`.';
call protect_tenant_table('protection_proof', 'select, insert, update');
call record_changes('protection_proof', 'ProtectionProof', secrets => '{detail}');

-- A subscriber's users end with its personal data.
grant delete on membership to wattledger_app;

-- Who looks at people's data leaves an entry for each of them, in the company that the transaction names.
create function record_read(object_type text, ids int8[]) returns int8
language sql security definer set search_path = public as $$
    insert into daily_entry (company_id, kind, object_type, object_id, actor_kind, user_id, key_id,
        actor_name, role, address, request_id)
    select nullif(current_setting('app.company', true), '')::int, 'READ', object_type, id, actor->>'kind', (actor->>'user_id')::int8, (actor->>'key_id')::int8,
        actor->>'name', actor->>'role', actor->>'address', actor->>'request_id'
    from unnest(ids) as id,
        (select coalesce(nullif(current_setting('app.actor', true), ''), '{"kind": "SYSTEM"}')::jsonb) as said(actor);
    select cardinality(ids)::int8;
$$;
revoke all on function record_read from public;
grant execute on function record_read to wattledger_app;
"""
DOWN = """
drop function record_read;
revoke delete on membership from wattledger_app;
drop table protection_proof, contact_token, subscriber_contact, person_key;
drop trigger record_added on subscriber;
drop trigger record_updated on subscriber;
drop trigger record_deleted on subscriber;
alter table subscriber
    drop column erased_at,
    drop column erasure_reason,
    add column name text not null default '',
    add column email text,
    add column phone text;
update subscriber s set name = p.name, email = p.email, phone = p.phone
    from plain_contact p where p.company_id = s.company_id and p.subscriber_id = s.id;
alter table subscriber alter column name drop default;
comment on table subscriber is 'A person or firm that is supplied. The only table with contact data of subscribers.';
call record_changes('subscriber', 'Subscriber', secrets => '{name,email,phone}');
drop table plain_contact;
alter table metering_point drop column active;
alter table premises drop column active;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0009_hierarchy")]
    operations = [RunSQL(UP, DOWN)]
