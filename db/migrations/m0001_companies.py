"""Companies, users, sessions and memberships; the sequence and the walls every table uses."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create extension if not exists btree_gist;
create sequence id_sequence as int8;
grant usage on sequence id_sequence to wattledger_app, wattledger_system;
grant usage on schema public to wattledger_app, wattledger_system;

-- One place for the second wall: `app` sees the rows of the company that the transaction names and
-- nothing when it names none; `system` sees all.
create procedure protect_tenant_table(name regclass, app_may text) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', name);
    execute format('create policy one_company on %s to wattledger_app using (company_id = '
        'nullif(current_setting(''app.company'', true), '''')::int)', name);
    execute format('create policy every_company on %s to wattledger_system using (true)', name);
    execute format('grant %s on %s to wattledger_app', app_may, name);
    execute format('grant select, insert, update, delete on %s to wattledger_system', name);
end $$;

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: its rows are immutable', tg_op, tg_table_name
        using errcode = 'restrict_violation';
end $$;

create table company (
    id int4 primary key generated always as identity,
    name text not null constraint company_name check (name <> ''),
    currency text not null constraint company_currency check (currency ~ '^[A-Z]{3}$'),
    time_zone text not null,
    locale text not null default 'en',
    active bool not null default true,
    review_first bool not null default false,
    clock_drift_max_s int4 not null default 300 constraint company_clock_drift check (clock_drift_max_s between 1 and 86400),
    warning_limit_micro int8 not null default 0,
    raw_frame_retention_days int4 not null default 14 constraint company_raw_retention check (raw_frame_retention_days between 1 and 90),
    created_at timestamptz not null,
    version int4 not null default 1
);
comment on table company is 'Who sells the energy. A tenant.';
alter table company enable row level security;
create policy one_company on company to wattledger_app using (id = nullif(current_setting('app.company', true), '')::int);
create policy every_company on company to wattledger_system using (true);
grant select on company to wattledger_app;
grant select, insert, update on company to wattledger_system;

create table app_user (
    id int8 primary key default nextval('id_sequence'),
    email text not null,
    name text not null,
    password_hash text not null,
    platform_role text constraint user_platform_role check (platform_role = 'DEVELOPER'),
    active bool not null default true,
    created_at timestamptz not null
);
create unique index user_email_once on app_user (lower(email));
comment on table app_user is 'A person who signs in. Only `system` reads it.';
grant select, insert, update on app_user to wattledger_system;

create table session (
    id int8 primary key default nextval('id_sequence'),
    user_id int8 not null references app_user,
    company_id int4 references company,
    refresh_hash bytea not null constraint session_refresh_once unique,
    previous_hash bytea,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz
);
create index session_of_user on session (user_id);
comment on table session is 'A signed-in device: the hash of its refresh token, and of the one before.';
grant select, insert, update on session to wattledger_system;

create table branch (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    name text not null constraint branch_name check (name <> ''),
    active bool not null default true,
    version int4 not null default 1,
    primary key (company_id, id),
    constraint branch_name_once unique (company_id, name)
);
comment on table branch is 'A regional branch of a company.';

create table field (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    branch_id int8 not null,
    name text not null constraint field_name check (name <> ''),
    latitude float8 constraint field_latitude check (latitude between -90 and 90),
    longitude float8 constraint field_longitude check (longitude between -180 and 180),
    active bool not null default true,
    review_first bool not null default false,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, branch_id) references branch,
    constraint field_name_once unique (company_id, branch_id, name)
);
comment on table field is 'One operational site of a branch: a mall, an industrial zone.';

create table subscriber (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    reference text not null,
    name text not null,
    email text,
    phone text,
    version int4 not null default 1,
    primary key (company_id, id),
    constraint subscriber_reference_once unique (company_id, reference)
);
comment on table subscriber is 'A person or firm that is supplied. The only table with contact data of subscribers.';

create table membership (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    user_id int8 not null references app_user,
    role text not null constraint membership_role check (role in ('ADMINISTRATOR', 'OPERATOR', 'SUBSCRIBER')),
    branch_id int8,
    field_id int8,
    subscriber_id int8,
    primary key (company_id, id),
    foreign key (company_id, branch_id) references branch,
    foreign key (company_id, field_id) references field,
    foreign key (company_id, subscriber_id) references subscriber,
    constraint membership_once unique (company_id, user_id),
    constraint membership_subscriber check ((role = 'SUBSCRIBER') = (subscriber_id is not null)),
    constraint membership_place check (num_nonnulls(branch_id, field_id, subscriber_id) <= 1)
);
create index membership_of_user on membership (user_id);
comment on table membership is 'A user''s role in a company, or in one branch or field of it, or for one subscriber.';

call protect_tenant_table('branch', 'select, insert, update');
call protect_tenant_table('field', 'select, insert, update');
call protect_tenant_table('subscriber', 'select, insert, update');
call protect_tenant_table('membership', 'select');
"""

DOWN = """
drop table membership, subscriber, field, branch, session, app_user, company;
drop function refuse_change;
drop procedure protect_tenant_table;
drop sequence id_sequence;
"""


class Migration(migrations.Migration):
    operations = [RunSQL(UP, DOWN)]
