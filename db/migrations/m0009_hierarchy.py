"""Managing the hierarchy: settings of companies, places on the map, where devices were, and how they do."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
-- A company makes its own collectors' identities, but never reads what proves them.
alter table collector_identity rename constraint collector_identity_pkey to collector_identity_serial_once;
call protect_tenant_table('collector_identity',
    'select (company_id, collector_id, flag, serial), insert, update (flag, serial, token_hash)');

alter table company
    add address text,
    add email text,
    add phone text,
    add tax_office text,
    add tax_number text,
    add api_allowed bool not null default true,
    add max_meters_per_rf_module int4 not null default 32 constraint company_rf_module_limit check (max_meters_per_rf_module between 1 and 1000),
    add reading_retention_days int4 not null default 3650 constraint company_reading_retention check (reading_retention_days between 365 and 36500),
    add profile_retention_days int4 not null default 1095 constraint company_profile_retention check (profile_retention_days between 90 and 36500),
    add contact_read_retention_days int4 not null default 730 constraint company_contact_read_retention check (contact_read_retention_days between 30 and 3650),
    add synchronisation_retention_days int4 not null default 365 constraint company_synchronisation_retention check (synchronisation_retention_days between 30 and 3650);
comment on column company.api_allowed is 'Whether its partners may use API keys.';
-- The platform's settings of it are for `system`; how it presents and limits itself is its own affair.
grant update (name, currency, time_zone, locale, address, email, phone, tax_office, tax_number,
    max_meters_per_rf_module, clock_drift_max_s, review_first, raw_frame_retention_days,
    reading_retention_days, profile_retention_days, contact_read_retention_days, synchronisation_retention_days,
    version) on company to wattledger_app;

alter table field
    add boundary jsonb constraint field_boundary check (octet_length(boundary::text) <= 65536),
    add constraint field_location check ((latitude is null) = (longitude is null));
comment on column field.boundary is 'GeoJSON: a Polygon or MultiPolygon, WGS 84.';
create index field_by_location on field using gist (company_id, point(longitude, latitude));

alter table collector
    add synchronisation_outcome text constraint collector_synchronisation check (synchronisation_outcome in ('SUCCEEDED', 'FAILED')),
    add silent_since timestamptz;
alter table rf_module
    add last_synchronised_at timestamptz,
    add synchronisation_outcome text constraint rf_module_synchronisation check (synchronisation_outcome in ('SUCCEEDED', 'FAILED')),
    add silent_since timestamptz;
create index collector_of_field on collector (company_id, field_id);

create table field_placement (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    field_id int8 not null,
    branch_id int8 not null,
    started_at timestamptz,
    ended_at timestamptz,
    primary key (company_id, id),
    foreign key (company_id, field_id) references field,
    foreign key (company_id, branch_id) references branch,
    constraint field_placement_period check (ended_at > started_at),
    constraint field_placement_one_place exclude using gist (company_id with =, field_id with =, tstzrange(started_at, ended_at) with &&)
);
comment on table field_placement is 'Which branch a field belonged to; without a start, since it was added.';

create table collector_placement (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    collector_id int8 not null,
    field_id int8 not null,
    started_at timestamptz,
    ended_at timestamptz,
    primary key (company_id, id),
    foreign key (company_id, collector_id) references collector,
    foreign key (company_id, field_id) references field,
    constraint collector_placement_period check (ended_at > started_at),
    constraint collector_placement_one_place exclude using gist (company_id with =, collector_id with =, tstzrange(started_at, ended_at) with &&)
);
comment on table collector_placement is 'In which field a collector stood; without a start, since it was added.';

create table rf_module_placement (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    rf_module_id int8 not null,
    collector_id int8 not null,
    started_at timestamptz,
    ended_at timestamptz,
    primary key (company_id, id),
    foreign key (company_id, rf_module_id) references rf_module,
    foreign key (company_id, collector_id) references collector,
    constraint rf_module_placement_period check (ended_at > started_at),
    constraint rf_module_placement_one_place exclude using gist (company_id with =, rf_module_id with =, tstzrange(started_at, ended_at) with &&)
);
comment on table rf_module_placement is 'Behind which collector an RF module was; without a start, since it was added.';

create table meter_placement (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    meter_id int8 not null,
    rf_module_id int8 not null,
    started_at timestamptz,
    ended_at timestamptz,
    primary key (company_id, id),
    foreign key (company_id, meter_id) references meter,
    foreign key (company_id, rf_module_id) references rf_module,
    constraint meter_placement_period check (ended_at > started_at),
    constraint meter_placement_one_place exclude using gist (company_id with =, meter_id with =, tstzrange(started_at, ended_at) with &&)
);
comment on table meter_placement is 'Which RF module read a meter; without a start, since it was added.';

insert into field_placement (company_id, field_id, branch_id) select company_id, id, branch_id from field;
insert into collector_placement (company_id, collector_id, field_id) select company_id, id, field_id from collector;
insert into rf_module_placement (company_id, rf_module_id, collector_id) select company_id, id, collector_id from rf_module;
insert into meter_placement (company_id, meter_id, rf_module_id) select company_id, id, rf_module_id from meter;

create table synchronisation (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    collector_id int8,
    rf_module_id int8,
    at timestamptz not null,
    kind text not null constraint synchronisation_kind check (kind in ('CONTACT', 'CLOCK', 'PARAMETERS')),
    outcome text not null constraint synchronisation_outcome check (outcome in ('SUCCEEDED', 'FAILED')),
    deviation_ms int8,
    detail text,
    primary key (company_id, id),
    foreign key (company_id, collector_id) references collector,
    foreign key (company_id, rf_module_id) references rf_module,
    constraint synchronisation_device check (num_nonnulls(collector_id, rf_module_id) = 1)
);
create index synchronisation_of_collector on synchronisation (company_id, collector_id, at) where collector_id is not null;
create index synchronisation_of_rf_module on synchronisation (company_id, rf_module_id, at) where rf_module_id is not null;
create index synchronisation_by_time on synchronisation (company_id, at);
comment on table synchronisation is 'When a device was heard again or lost, and how its clock and parameters were found or set.';
comment on column synchronisation.deviation_ms is 'The device''s clock less ours.';

call protect_tenant_table('field_placement', 'select, insert, update');
call protect_tenant_table('collector_placement', 'select, insert, update');
call protect_tenant_table('rf_module_placement', 'select, insert, update');
call protect_tenant_table('meter_placement', 'select, insert, update');
call protect_tenant_table('synchronisation', 'select');

-- How devices do is machine data: no person changes it, and an entry a minute would bury the others.
drop trigger record_added on collector;
drop trigger record_updated on collector;
drop trigger record_deleted on collector;
call record_changes('collector', 'Collector', ignored => '{last_contact_at,last_synchronised_at,synchronisation_outcome,silent_since}');
drop trigger record_added on rf_module;
drop trigger record_updated on rf_module;
drop trigger record_deleted on rf_module;
call record_changes('rf_module', 'RfModule', ignored => '{last_synchronised_at,synchronisation_outcome,silent_since}');
"""

DOWN = """
drop trigger record_added on rf_module;
drop trigger record_updated on rf_module;
drop trigger record_deleted on rf_module;
call record_changes('rf_module', 'RfModule');
drop trigger record_added on collector;
drop trigger record_updated on collector;
drop trigger record_deleted on collector;
call record_changes('collector', 'Collector', ignored => '{last_contact_at}');
drop table synchronisation, meter_placement, rf_module_placement, collector_placement, field_placement;
drop index collector_of_field;
alter table rf_module drop last_synchronised_at, drop synchronisation_outcome, drop silent_since;
alter table collector drop synchronisation_outcome, drop silent_since;
drop index field_by_location;
alter table field drop constraint field_location, drop boundary;
revoke update (name, currency, time_zone, locale, clock_drift_max_s, review_first,
    raw_frame_retention_days, version) on company from wattledger_app;
alter table company drop address, drop email, drop phone, drop tax_office, drop tax_number, drop api_allowed,
    drop max_meters_per_rf_module, drop reading_retention_days, drop profile_retention_days,
    drop contact_read_retention_days, drop synchronisation_retention_days;
revoke select (company_id, collector_id, flag, serial), insert, update (flag, serial, token_hash)
    on collector_identity from wattledger_app;
drop policy every_company on collector_identity;
drop policy one_company on collector_identity;
alter table collector_identity disable row level security;
alter table collector_identity rename constraint collector_identity_serial_once to collector_identity_pkey;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0008_audit_seals")]
    operations = [RunSQL(UP, DOWN)]
