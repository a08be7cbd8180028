"""Devices, premises, metering points, accounts and tariffs."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table collector (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    field_id int8 not null,
    flag text not null constraint collector_flag check (flag ~ '^[A-Z]{3}$'),
    serial text not null constraint collector_serial check (serial <> ''),
    make text,
    model text,
    ipv4 inet constraint collector_ipv4 check (family(ipv4) = 4),
    ipv6 inet constraint collector_ipv6 check (family(ipv6) = 6),
    port int4 constraint collector_port check (port between 1 and 65535),
    software_version text,
    time_zone text not null,
    active bool not null default true,
    review_first bool not null default false,
    last_contact_at timestamptz,
    last_synchronised_at timestamptz,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, field_id) references field,
    constraint collector_serial_once unique (company_id, flag, serial)
);
comment on table collector is 'A data concentrator in a field.';

-- Which company a caller belongs to is not known before it has identified itself.
create table collector_identity (
    flag text not null,
    serial text not null,
    company_id int4 not null,
    collector_id int8 not null,
    token_hash bytea,
    primary key (flag, serial),
    foreign key (company_id, collector_id) references collector
);
comment on table collector_identity is 'How a collector proves itself: SHA-256 of its token. Only `system` reads it.';
grant select, insert, update, delete on collector_identity to wattledger_system;

create table rf_module (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    collector_id int8 not null,
    serial text not null constraint rf_module_serial check (serial <> ''),
    make text,
    model text,
    frequency text not null constraint rf_module_frequency check (frequency in ('MHZ_868', 'MHZ_2400')),
    ip_address inet,
    radio_address text,
    reading_period_s int4 not null default 900 constraint rf_module_period check (reading_period_s between 60 and 86400),
    error_status text,
    active bool not null default true,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, collector_id) references collector,
    constraint rf_module_serial_once unique (company_id, serial)
);
create index rf_module_of_collector on rf_module (company_id, collector_id);
comment on table rf_module is 'An RF mesh modem behind a collector.';

create table meter (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    rf_module_id int8 not null,
    serial text not null constraint meter_serial check (serial <> ''),
    make text,
    register_digits int2 not null constraint meter_digits check (register_digits between 4 and 12),
    power_w_max int8 not null constraint meter_power check (power_w_max > 0),
    clock_rule text not null,
    relay text not null default 'NONE' constraint meter_relay check (relay in ('INTERNAL', 'CONTACTOR', 'NONE')),
    supply text not null default 'UNKNOWN' constraint meter_supply check (supply in ('ON', 'OFF', 'UNKNOWN')),
    supply_confirmed_at timestamptz,
    active bool not null default true,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, rf_module_id) references rf_module,
    constraint meter_serial_once unique (company_id, serial)
);
create index meter_of_rf_module on meter (company_id, rf_module_id);
comment on table meter is 'An electronic meter behind an RF module.';
comment on column meter.register_digits is 'Whole kWh digits of the total register; it rolls over at ten to their power.';
comment on column meter.power_w_max is 'The most that it can carry; more than that in a time is no energy but an error.';
comment on column meter.clock_rule is 'IANA zone or fixed offset such as +03:00 that its clock keeps.';

create table premises (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    field_id int8 not null,
    name text not null constraint premises_name check (name <> ''),
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, field_id) references field,
    constraint premises_name_once unique (company_id, field_id, name)
);
comment on table premises is 'An office or shop that is supplied.';

create table metering_point (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    premises_id int8 not null,
    code text not null constraint point_code check (code <> ''),
    role text not null default 'BILLING' constraint point_role check (role in ('BILLING', 'CHECK', 'FEEDER', 'COMMON_AREA', 'GENERATION')),
    parent_id int8,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, premises_id) references premises,
    foreign key (company_id, parent_id) references metering_point,
    constraint point_parent check (parent_id <> id),
    constraint point_code_once unique (company_id, code)
);
create index point_of_premises on metering_point (company_id, premises_id);
comment on table metering_point is 'Where the energy of a premises is measured (tesisat); outlives meters.';

create table mounting (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    meter_id int8 not null,
    point_id int8 not null,
    multiplier numeric(12, 4) not null default 1 constraint mounting_multiplier check (multiplier > 0),
    started_at timestamptz not null,
    initial_index_wh int8 not null constraint mounting_initial_index check (initial_index_wh >= 0),
    ended_at timestamptz,
    final_index_wh int8,
    primary key (company_id, id),
    foreign key (company_id, meter_id) references meter,
    foreign key (company_id, point_id) references metering_point,
    constraint mounting_period check (ended_at > started_at),
    constraint mounting_ended check ((ended_at is null) = (final_index_wh is null)),
    constraint mounting_one_place exclude using gist (company_id with =, meter_id with =, tstzrange(started_at, ended_at) with &&),
    constraint mounting_one_meter exclude using gist (company_id with =, point_id with =, tstzrange(started_at, ended_at) with &&)
);
comment on table mounting is 'A meter at a metering point over a period, with its indexes and CT/VT multiplier.';

create table tariff (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    name text not null constraint tariff_name check (name <> ''),
    primary key (company_id, id),
    constraint tariff_name_once unique (company_id, name)
);
comment on table tariff is 'A price list; its versions hold the prices.';

create table tariff_version (
    company_id int4 not null,
    tariff_id int8 not null,
    valid_from timestamptz not null,
    valid_until timestamptz,
    price_per_kwh numeric(18, 9) not null constraint tariff_price check (price_per_kwh >= 0),
    primary key (company_id, tariff_id, valid_from),
    foreign key (company_id, tariff_id) references tariff,
    constraint tariff_period check (valid_until > valid_from)
);
comment on table tariff_version is 'A price from an instant on. Immutable but for its end, which the next version sets.';

create table account (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    number text not null,
    subscriber_id int8 not null,
    premises_id int8 not null,
    tariff_id int8 not null,
    billing_mode text not null constraint account_billing_mode check (billing_mode in ('PREPAID', 'POSTPAID')),
    warning_limit_micro int8,
    opened_at timestamptz not null,
    closed_at timestamptz,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, subscriber_id) references subscriber,
    foreign key (company_id, premises_id) references premises,
    foreign key (company_id, tariff_id) references tariff,
    constraint account_number_once unique (company_id, number)
);
create index account_of_subscriber on account (company_id, subscriber_id);
comment on table account is 'A subscriber''s contract for one or more metering points of a premises.';

create table account_point (
    company_id int4 not null,
    account_id int8 not null,
    point_id int8 not null,
    started_at timestamptz not null,
    opening_index_wh int8 not null,
    ended_at timestamptz,
    primary key (company_id, account_id, point_id, started_at),
    foreign key (company_id, account_id) references account,
    foreign key (company_id, point_id) references metering_point,
    constraint account_point_period check (ended_at > started_at),
    constraint account_point_one_account exclude using gist (company_id with =, point_id with =, tstzrange(started_at, ended_at) with &&)
);
comment on table account_point is 'The period over which an account pays for a metering point, from an index on.';

call protect_tenant_table('collector', 'select, insert, update');
call protect_tenant_table('rf_module', 'select, insert, update');
call protect_tenant_table('meter', 'select, insert, update');
call protect_tenant_table('premises', 'select, insert, update');
call protect_tenant_table('metering_point', 'select, insert, update');
call protect_tenant_table('mounting', 'select, insert, update');
call protect_tenant_table('tariff', 'select, insert, update');
call protect_tenant_table('tariff_version', 'select, insert, update');
call protect_tenant_table('account', 'select, insert, update');
call protect_tenant_table('account_point', 'select, insert, update');
"""

DOWN = """
drop table account_point, account, tariff_version, tariff, mounting, metering_point, premises, meter,
    rf_module, collector_identity, collector;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0001_companies")]
    operations = [RunSQL(UP, DOWN)]
