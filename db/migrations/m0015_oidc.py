"""Signing in through a company's own OpenID provider.

A provider speaks for its company alone: links belong to a company, and so do the sessions that it
opens, wherever else the user becomes a member.
"""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table oidc_provider (
    company_id int4 primary key references company,
    issuer text not null,
    client_id text not null,
    client_secret_cipher bytea not null,
    groups_claim text not null default 'groups',
    active bool not null default true,
    version int4 not null default 1
);
comment on table oidc_provider is 'The OpenID provider that a company trusts; its secret is sealed.';
call protect_tenant_table('oidc_provider', 'select, insert, update, delete');
call record_changes('oidc_provider', 'OidcProvider', '{company_id}', '{client_secret_cipher}');

create table oidc_group_role (
    company_id int4 not null references oidc_provider on delete cascade,
    id int8 not null default nextval('id_sequence'),
    position int4 not null,
    group_name text not null constraint oidc_group_name check (group_name <> ''),
    role text constraint oidc_group_built_in check (role in ('ADMINISTRATOR', 'OPERATOR', 'AUDITOR', 'PARTNER')),
    role_id int8,
    branch_id int8,
    field_id int8,
    primary key (company_id, id),
    foreign key (company_id, role_id) references role,
    foreign key (company_id, branch_id) references branch,
    foreign key (company_id, field_id) references field,
    constraint oidc_group_name_once unique (company_id, group_name),
    constraint oidc_group_one_role check (num_nonnulls(role, role_id) = 1),
    constraint oidc_group_one_place check (num_nonnulls(branch_id, field_id) <= 1)
);
comment on table oidc_group_role is 'What members of a group of the provider become; the first position that fits counts.';
call protect_tenant_table('oidc_group_role', 'select, insert, update, delete');
call record_changes('oidc_group_role', 'OidcGroupRole');

create table oidc_identity (
    company_id int4 not null references company,
    issuer text not null,
    subject text not null,
    user_id int8 not null references app_user,
    primary key (company_id, issuer, subject)
);
create index oidc_identity_of_user on oidc_identity (user_id);
comment on table oidc_identity is 'Whom a provider means by a subject, for the company that trusts it.';
call protect_tenant_table('oidc_identity', 'select');
call record_changes('oidc_identity', 'OidcIdentity', '{company_id,issuer,subject,user_id}', '{subject}');

create table oidc_sign_in (
    state_hash bytea primary key,
    company_id int4 not null references company,
    browser_hash bytea not null,
    nonce text not null,
    verifier text not null,
    return_to text not null,
    expires_at timestamptz not null
);
create index oidc_sign_in_expired on oidc_sign_in (expires_at);
comment on table oidc_sign_in is 'Somebody is at the provider; taken away by whoever comes back.';
grant select, insert, delete on oidc_sign_in to wattledger_system;

create table sign_in_code (
    code_hash bytea primary key,
    company_id int4 not null references company,
    user_id int8 not null references app_user,
    expires_at timestamptz not null
);
create index sign_in_code_expired on sign_in_code (expires_at);
comment on table sign_in_code is 'Somebody has come back from the provider; good for one session.';
grant select, insert, delete on sign_in_code to wattledger_system;

alter table session add column only_company_id int4 references company;
comment on column session.only_company_id is 'Whose provider opened it: it is good for nothing elsewhere.';
"""

DOWN = """
-- What is confined to a company must not be let out of it.
update session set revoked_at = now() where only_company_id is not null and revoked_at is null;
alter table session drop column only_company_id;
drop table sign_in_code, oidc_sign_in, oidc_identity, oidc_group_role, oidc_provider;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0014_search")]
    operations = [RunSQL(UP, DOWN)]
