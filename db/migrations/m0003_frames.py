"""Raw frames as collectors delivered them, and the narrow queues of those not yet processed."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
-- No foreign keys here nor on readings: what a device delivered is kept whatever else is there, and
-- a look-up per row would halve the rate at which rows are stored.
create table raw_frame (
    company_id int4 not null,
    id int8 not null,
    received_at timestamptz not null,
    collector_id int8 not null,
    function text not null,
    reference_id text not null,
    packet int4 not null,
    digest bytea not null,
    body bytea not null,
    primary key (company_id, id, received_at)
) partition by range (received_at);
create index raw_frame_of_digest on raw_frame (company_id, collector_id, digest);
comment on table raw_frame is 'The bytes that a collector delivered, append-only, in daily partitions.';
comment on column raw_frame.body is 'Packed; the first byte says how.';
comment on column raw_frame.digest is 'First 16 bytes of SHA-256 over function, reference id, packet number and body.';

create table pending_frame (
    company_id int4 not null,
    frame_id int8 not null,
    received_at timestamptz not null,
    bucket int2 not null,
    fragment_ids int8[] not null default '{}',
    primary key (company_id, frame_id)
);
create index pending_frame_by_bucket on pending_frame (bucket, received_at, frame_id);
comment on table pending_frame is 'Frames that wait for decoding. Those here or in review_frame are not MATCHED yet.';
comment on column pending_frame.fragment_ids is 'Frames that come before it in the same message, in order.';

create table review_frame (
    company_id int4 not null,
    frame_id int8 not null,
    received_at timestamptz not null,
    status text not null constraint review_status check (status in ('PENDING', 'UNMATCHED', 'REJECTED', 'IGNORED')),
    reason text not null,
    detail text not null,
    meter_serial text,
    bucket int2 not null,
    fragment_ids int8[] not null default '{}',
    primary key (company_id, frame_id)
);
create index review_frame_of_serial on review_frame (company_id, meter_serial);
comment on table review_frame is 'Frames that a person or a later fact must release, with the reason.';

create table unclaimed_frame (
    id int8 primary key default nextval('id_sequence'),
    received_at timestamptz not null,
    peer inet not null,
    flag text not null,
    serial text not null,
    reason text not null,
    body bytea not null
);
create index unclaimed_frame_by_time on unclaimed_frame (received_at);
comment on table unclaimed_frame is 'What collectors said that no company knows. Not acknowledged.';
grant select, insert, delete on unclaimed_frame to wattledger_system;

call protect_tenant_table('raw_frame', 'select');
call protect_tenant_table('pending_frame', 'select, insert');
call protect_tenant_table('review_frame', 'select, update, delete');
"""

DOWN = """
drop table unclaimed_frame, review_frame, pending_frame, raw_frame;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0002_hierarchy")]
    operations = [RunSQL(UP, DOWN)]
