"""Uploads, downloads and long work."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table stored_file (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    kind text not null constraint stored_file_kind check (kind in ('UPLOAD', 'DOWNLOAD')),
    name text not null constraint stored_file_name check (name <> ''),
    mime_type text not null,
    size int8 not null constraint stored_file_size check (size between 0 and 52428800),
    sha256 bytea constraint stored_file_sha256 check (octet_length(sha256) = 32),
    state text not null constraint stored_file_state check (state in ('WAITING', 'RECEIVING', 'READY')),
    created_by int8,
    created_by_key int8,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    received_since timestamptz,
    primary key (company_id, id),
    constraint stored_file_ready check (state <> 'READY' or sha256 is not null),
    constraint stored_file_period check (expires_at > created_at)
);
create index stored_file_expiring on stored_file (expires_at);
comment on table stored_file is 'A file on its way in or out; removed when it expires.';
comment on column stored_file.size is 'In bytes; of an upload what was announced, until it is READY.';

create table stored_file_part (
    company_id int4 not null,
    file_id int8 not null,
    number int4 not null constraint stored_file_part_number check (number >= 0),
    body bytea not null constraint stored_file_part_size check (octet_length(body) between 1 and 262144),
    primary key (company_id, file_id, number),
    foreign key (company_id, file_id) references stored_file on delete cascade
);
-- What is sent is compressed already, or small.
alter table stored_file_part alter column body set storage external;
comment on table stored_file_part is 'The bytes of a file, in order of their number.';

create table job (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    kind text not null constraint job_kind check (kind in ('IMPORT', 'EXPORT')),
    state text not null default 'QUEUED' constraint job_state check (state in ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
    input jsonb not null,
    asked_by jsonb not null,
    created_by int8,
    created_by_key int8,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    position jsonb not null default '{}',
    done int4 not null default 0 constraint job_done check (done >= 0),
    total int4 constraint job_total check (total >= 0),
    attempt int4 not null default 0,
    leased_until timestamptz,
    is_cancelled bool not null default false,
    result jsonb not null default '{}',
    file_id int8,
    error text,
    error_params jsonb not null default '{}',
    error_count int4 not null default 0,
    primary key (company_id, id),
    constraint job_finished check ((finished_at is not null) = (state in ('SUCCEEDED', 'FAILED', 'CANCELLED')))
);
create index job_to_do on job (created_at) where state in ('QUEUED', 'RUNNING');
create index job_of_user on job (company_id, created_by, created_at);
comment on table job is 'Long work that somebody asked for: how far it is, and what came of it.';
comment on column job.asked_by is 'Who asked, and what they might do and see then: the work is done within that.';
comment on column job.position is 'Where the work stands, written in the transaction that did it.';
comment on column job.attempt is 'Which worker has it: one that lost its lease finds a higher number.';

create table job_error (
    company_id int4 not null,
    job_id int8 not null,
    id int8 not null default nextval('id_sequence'),
    sheet text,
    row_number int4,
    column_name text,
    code text not null,
    params jsonb not null default '{}',
    primary key (company_id, job_id, id),
    foreign key (company_id, job_id) references job on delete cascade
);
create unique index job_error_once on job_error (company_id, id);
comment on table job_error is 'What is wrong with one item of a job; only the first thousand are kept.';

call protect_tenant_table('stored_file', 'select, insert, update');
call protect_tenant_table('stored_file_part', 'select, insert, delete');
call protect_tenant_table('job', 'select, insert, update');
call protect_tenant_table('job_error', 'select, insert, delete');
call record_changes('stored_file', 'File', ignored => '{received_since}');
call record_changes('job', 'Job', ignored => '{position,done,total,attempt,leased_until}');
"""

DOWN = """
drop table job_error, job, stored_file_part, stored_file;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0012_documents")]
    operations = [RunSQL(UP, DOWN)]
