"""Reports to those who run a company, and notices of devices from which nothing is heard."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table system_report (
    company_id int4 primary key references company,
    report_date date not null
);
comment on table system_report is 'Up to which local day a company''s administrators got their report.';
call protect_tenant_table('system_report', 'select, insert, update');

alter table company add fault_notice_roles text[] not null default '{ADMINISTRATOR}'
    constraint company_fault_notice_roles check (fault_notice_roles <@ '{ADMINISTRATOR,OPERATOR,AUDITOR,PARTNER}');
comment on column company.fault_notice_roles is 'Members with which roles are told of faults of devices, each where they may see them.';
grant update (fault_notice_roles) on company to wattledger_app;

create table silence_notice (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    collector_id int8,
    rf_module_id int8,
    told_at timestamptz not null,
    heard_since timestamptz,
    primary key (company_id, id),
    foreign key (company_id, collector_id) references collector,
    foreign key (company_id, rf_module_id) references rf_module,
    constraint silence_notice_device check (num_nonnulls(collector_id, rf_module_id) = 1),
    constraint silence_notice_collector_once unique (company_id, collector_id),
    constraint silence_notice_rf_module_once unique (company_id, rf_module_id)
);
comment on table silence_notice is 'Devices whose silence was told, and which have not been heard for long enough since.';
call protect_tenant_table('silence_notice', 'select, insert, update, delete');

create table top_up_fee (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    top_up_id int8 not null,
    reference text not null,
    amount_micro int8 not null constraint top_up_fee_amount check (amount_micro <> 0),
    charged_at timestamptz not null,
    primary key (company_id, id),
    foreign key (company_id, top_up_id) references top_up,
    constraint top_up_fee_reference_once unique (company_id, top_up_id, reference)
);
comment on table top_up_fee is 'What a provider took for a payment, or gave back of it; the books have each under its reference.';
call protect_tenant_table('top_up_fee', 'select, insert');
revoke update, delete on top_up_fee from wattledger_system;

alter table payment_customer
    add forget_since timestamptz,
    add forget_again_at timestamptz;
create index payment_customer_to_forget on payment_customer (forget_again_at) where forget_again_at is not null;
comment on column payment_customer.forget_since is 'When the subscriber was erased: the provider has to forget, too.';
comment on column payment_customer.forget_again_at is 'When to ask the provider for it; null once it has.';
drop trigger record_added on payment_customer;
drop trigger record_updated on payment_customer;
drop trigger record_deleted on payment_customer;
call record_changes('payment_customer', 'PaymentCustomer', '{company_id,provider,subscriber_id}', '{reference}', '{forget_again_at}');
drop trigger record_added on saved_card;
drop trigger record_updated on saved_card;
drop trigger record_deleted on saved_card;
call record_changes('saved_card', 'SavedCard', secrets => '{reference,brand,last4,expires_year,expires_month}');
"""

DOWN = """
drop trigger record_added on saved_card;
drop trigger record_updated on saved_card;
drop trigger record_deleted on saved_card;
call record_changes('saved_card', 'SavedCard');
drop trigger record_added on payment_customer;
drop trigger record_updated on payment_customer;
drop trigger record_deleted on payment_customer;
alter table payment_customer drop forget_again_at, drop forget_since;
call record_changes('payment_customer', 'PaymentCustomer', '{company_id,provider,subscriber_id}');
drop table top_up_fee;
drop table silence_notice;
alter table company drop fault_notice_roles;
drop table system_report;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0026_charging")]
    operations = [RunSQL(UP, DOWN)]
