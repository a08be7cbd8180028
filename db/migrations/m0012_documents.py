"""API keys and registered documents."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table document (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    partner text not null constraint document_partner check (length(partner) between 1 and 100),
    name text not null constraint document_name check (length(name) between 1 and 200),
    body text not null constraint document_body check (octet_length(body) between 1 and 65536),
    text_hash bytea not null constraint document_hash check (text_hash = sha256(convert_to(body, 'UTF8'))),
    operations text[] not null,
    cost int4 not null constraint document_cost check (cost >= 0),
    registered_at timestamptz not null,
    retired_at timestamptz,
    version int4 not null default 1,
    primary key (company_id, id)
);
create unique index document_once on document (company_id, text_hash, partner) where retired_at is null;
create index document_of_partner on document (company_id, partner, name, id);
comment on table document is 'An operation that a partner may run by its hash. Its text never changes; it is retired, never deleted.';
call protect_tenant_table('document', 'select, insert, update');
-- The hash stands for the text.
call record_changes('document', 'RegisteredDocument', ignored => '{body}');

create table api_key (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence') constraint api_key_once unique,
    name text not null constraint api_key_name check (length(name) between 1 and 100),
    secret_hash bytea not null constraint api_key_secret check (octet_length(secret_hash) = 32),
    scopes text[] not null,
    partner text constraint api_key_partner check (length(partner) between 1 and 100),
    document_ids int8[] constraint api_key_documents check (cardinality(document_ids) between 1 and 100),
    branch_id int8,
    field_id int8,
    user_id int8 references app_user,
    addresses cidr[] not null default '{}' constraint api_key_addresses check (cardinality(addresses) <= 50),
    cost_max int4 constraint api_key_cost_max check (cost_max between 1000 and 10000000),
    cost_per_s int4 constraint api_key_cost_per_s check (cost_per_s between 1 and 1000000),
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, branch_id) references branch,
    foreign key (company_id, field_id) references field,
    constraint api_key_place check (num_nonnulls(branch_id, field_id) <= 1)
);
create index api_key_by_name on api_key (company_id, name, id);
create index api_key_of_user on api_key (user_id) where user_id is not null;
comment on table api_key is 'What a program signs in with. Only the hash of its secret is kept; it is revoked, never deleted.';
call protect_tenant_table('api_key', 'select, insert, update');
call record_changes('api_key', 'ApiKey', secrets => '{secret_hash}', ignored => '{last_used_at}');
"""

DOWN = """
drop table api_key, document;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0011_identity")]
    operations = [RunSQL(UP, DOWN)]
