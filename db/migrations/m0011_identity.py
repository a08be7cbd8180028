"""Users, roles, second factors and invitations; mail that waits to be sent.

People's addresses and names stand in `app_user` alone, and in no daily entry. `app` sees those of a
company's members through `member` and `invited`, which name the company themselves.
"""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table role (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    name text not null constraint role_name check (name <> ''),
    description text,
    scopes text[] not null constraint role_scopes check (not scopes && '{platform:write}'),
    active bool not null default true,
    version int4 not null default 1,
    primary key (company_id, id),
    constraint role_name_once unique (company_id, name)
);
comment on table role is 'A role of a company''s own: a set of scopes with a name.';
call protect_tenant_table('role', 'select, insert, update');
call record_changes('role', 'CompanyRole');

alter table company add column second_factor_required bool not null default false;
comment on column company.second_factor_required is 'Members may do nothing until they have a second factor.';

alter table membership
    alter column role drop not null,
    add column role_id int8,
    add column active bool not null default true,
    add column version int4 not null default 1,
    add foreign key (company_id, role_id) references role,
    drop constraint membership_role,
    drop constraint membership_subscriber,
    add constraint membership_role check (role in ('ADMINISTRATOR', 'OPERATOR', 'AUDITOR', 'PARTNER', 'SUBSCRIBER')),
    add constraint membership_one_role check (num_nonnulls(role, role_id) = 1),
    add constraint membership_subscriber check ((coalesce(role, '') = 'SUBSCRIBER') = (subscriber_id is not null));
create index membership_of_role on membership (company_id, role_id) where role_id is not null;
grant insert, update on membership to wattledger_app;

alter table app_user
    alter column password_hash drop not null,
    add column locale text constraint user_locale check (locale ~ '^[a-z]{2}(-[A-Z]{2})?$'),
    add column removed_at timestamptz;
alter table session
    add column rotated_at timestamptz,
    add column last_used_at timestamptz,
    add column address text,
    add column network text,
    add column user_agent text;
drop trigger record_added on app_user;
drop trigger record_updated on app_user;
drop trigger record_deleted on app_user;
drop trigger record_added on session;
drop trigger record_updated on session;
drop trigger record_deleted on session;
call record_changes('app_user', 'User', '{id}', '{email,name,password_hash}');
call record_changes('session', 'Session', '{id}', '{address,network,user_agent}',
    '{refresh_hash,previous_hash,expires_at,rotated_at,last_used_at}');

create table second_factor (
    user_id int8 primary key references app_user,
    secret bytea not null,
    created_at timestamptz not null,
    confirmed_at timestamptz,
    last_step int8 not null default 0
);
comment on table second_factor is 'A user''s sealed TOTP secret, and the last step whose code was used.';
grant select, insert, update, delete on second_factor to wattledger_system;
call record_changes('second_factor', 'SecondFactor', '{user_id}', '{secret}', '{last_step}');

create table recovery_code (
    user_id int8 not null references second_factor on delete cascade,
    code_hash bytea not null,
    used_at timestamptz,
    primary key (user_id, code_hash)
);
comment on table recovery_code is 'What stands in for a code once; only its hash.';
grant select, insert, update, delete on recovery_code to wattledger_system;
call record_changes('recovery_code', 'RecoveryCode', '{code_hash,user_id}', '{code_hash}');

create table invitation (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    user_id int8 not null references app_user,
    role text,
    role_id int8,
    branch_id int8,
    field_id int8,
    subscriber_id int8,
    token_number int4 not null default 1,
    token_hash bytea not null constraint invitation_token_once unique,
    invited_by int8 references app_user,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    accepted_at timestamptz,
    revoked_at timestamptz,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, role_id) references role,
    foreign key (company_id, branch_id) references branch,
    foreign key (company_id, field_id) references field,
    foreign key (company_id, subscriber_id) references subscriber,
    constraint invitation_one_role check (num_nonnulls(role, role_id) = 1),
    constraint invitation_subscriber check ((coalesce(role, '') = 'SUBSCRIBER') = (subscriber_id is not null)),
    constraint invitation_place check (num_nonnulls(branch_id, field_id, subscriber_id) <= 1)
);
create unique index invitation_email_once on invitation (company_id, user_id) where accepted_at is null and revoked_at is null;
create index invitation_of_role on invitation (company_id, role_id) where role_id is not null;
create index invitation_of_user on invitation (user_id);
comment on table invitation is 'A membership that waits to be accepted with the token of a mail.';
call protect_tenant_table('invitation', 'select, insert, update');
call record_changes('invitation', 'Invitation', secrets => '{token_hash}', ignored => '{token_number}');

create table password_reset (
    id int8 primary key default nextval('id_sequence'),
    user_id int8 not null references app_user,
    token_hash bytea not null constraint password_reset_token_once unique,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index password_reset_of_user on password_reset (user_id);
comment on table password_reset is 'A token that was mailed, good for one new password.';
grant select, insert, update, delete on password_reset to wattledger_system;
call record_changes('password_reset', 'PasswordReset', '{id}', '{token_hash}');

create table mail (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    kind text not null constraint mail_kind check (kind in ('INVITATION', 'PASSWORD_RESET', 'PASSWORD_CHANGED')),
    user_id int8 references app_user,
    reference_id int8,
    sealed bytea,
    locale text not null,
    state text not null default 'WAITING' constraint mail_state check (state in ('WAITING', 'SENT', 'DROPPED', 'FAILED')),
    attempts int4 not null default 0,
    next_attempt_at timestamptz not null,
    created_at timestamptz not null,
    ended_at timestamptz,
    failure text,
    primary key (company_id, id)
);
create index mail_due on mail (next_attempt_at, id) where state = 'WAITING';
comment on table mail is 'Mail to send, after the commit that asks for it. Holds no token, and no address that is not sealed; company 0 is the platform.';
call protect_tenant_table('mail', 'select');

create view member with (security_barrier) as
select m.company_id, m.user_id as id, m.id as membership_id, m.role, m.role_id, m.branch_id, m.field_id,
    m.subscriber_id, m.active, m.version, u.email, u.name, u.active as enabled,
    exists (select from second_factor f where f.user_id = u.id and f.confirmed_at is not null) as second_factor
from membership m join app_user u on u.id = m.user_id
where m.company_id = nullif(current_setting('app.company', true), '')::int;
comment on view member is 'The users of the company that the transaction names.';
grant select on member to wattledger_app, wattledger_system;

create view invited with (security_barrier) as
select i.company_id, i.id, i.role, i.role_id, i.branch_id, i.field_id, i.subscriber_id, i.created_at,
    i.expires_at, i.version, u.email
from invitation i join app_user u on u.id = i.user_id
where i.company_id = nullif(current_setting('app.company', true), '')::int
    and i.accepted_at is null and i.revoked_at is null;
comment on view invited is 'The open invitations of the company that the transaction names.';
grant select on invited to wattledger_app, wattledger_system;
"""

DOWN = """
drop view invited, member;
drop table mail, password_reset, invitation, recovery_code, second_factor;
drop trigger record_added on app_user;
drop trigger record_updated on app_user;
drop trigger record_deleted on app_user;
drop trigger record_added on session;
drop trigger record_updated on session;
drop trigger record_deleted on session;
call record_changes('app_user', 'User', '{id}', '{password_hash}');
call record_changes('session', 'Session', '{id}', '{refresh_hash,previous_hash}', '{refresh_hash,previous_hash,expires_at}');
alter table session drop column rotated_at, drop column last_used_at, drop column address, drop column network, drop column user_agent;
update app_user set password_hash = '' where password_hash is null;
alter table app_user alter column password_hash set not null, drop column locale, drop column removed_at;
revoke insert, update on membership from wattledger_app;
-- The older schema cannot say what these are.
delete from membership where role_id is not null or role in ('AUDITOR', 'PARTNER') or not active;
alter table membership
    drop constraint membership_one_role,
    drop constraint membership_role,
    drop constraint membership_subscriber,
    drop column role_id,
    drop column active,
    drop column version,
    alter column role set not null,
    add constraint membership_role check (role in ('ADMINISTRATOR', 'OPERATOR', 'SUBSCRIBER')),
    add constraint membership_subscriber check ((role = 'SUBSCRIBER') = (subscriber_id is not null));
alter table company drop column second_factor_required;
drop table role;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0010_people")]
    operations = [RunSQL(UP, DOWN)]
