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
call record_changes('document', 'Document', ignored => '{body}');
"""

DOWN = """
drop table document;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0011_identity")]
    operations = [RunSQL(UP, DOWN)]
