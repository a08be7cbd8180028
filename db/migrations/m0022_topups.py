"""Credit bought through payment providers: top-ups, what is given back, disputes, and saved cards."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
alter table company
    add top_up_minimum_micro int8 not null default 1000000
        constraint company_top_up_minimum check (top_up_minimum_micro > 0),
    add top_up_maximum_micro int8 not null default 10000000000,
    add top_up_presets_micro int8[] not null default '{}',
    add debt_share_percent numeric(5, 2)
        constraint company_debt_share check (debt_share_percent > 0 and debt_share_percent <= 100),
    add debt_share_cap_micro int8 constraint company_debt_share_cap check (debt_share_cap_micro > 0),
    add debt_share_period text not null default 'WEEK'
        constraint company_debt_share_period check (debt_share_period in ('DAY', 'WEEK', 'MONTH')),
    add constraint company_top_up_maximum check (top_up_maximum_micro >= top_up_minimum_micro);
comment on column company.top_up_presets_micro is 'Amounts that are offered for buying credit.';
comment on column company.debt_share_percent is 'What of each top-up goes to debt; null: all debt is due at once.';
comment on column company.debt_share_cap_micro is 'The most that goes to debt in a period; null: no cap.';
grant update (top_up_minimum_micro, top_up_maximum_micro, top_up_presets_micro, debt_share_percent,
    debt_share_cap_micro, debt_share_period) on company to wattledger_app;

create table payment_customer (
    company_id int4 not null references company,
    subscriber_id int8 not null,
    provider text not null,
    key uuid not null default gen_random_uuid(),
    reference text,
    primary key (company_id, subscriber_id, provider),
    foreign key (company_id, subscriber_id) references subscriber
);
create index payment_customer_of_reference on payment_customer (provider, reference);
comment on table payment_customer is 'What a provider calls a subscriber who saves cards there.';
call protect_tenant_table('payment_customer', 'select, insert, update');
call record_changes('payment_customer', 'PaymentCustomer', '{company_id,provider,subscriber_id}');

create table saved_card (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    subscriber_id int8 not null,
    provider text not null,
    reference text not null,
    brand text not null,
    last4 text not null constraint saved_card_last4 check (last4 ~ '^[0-9]{4}$'),
    expires_year int4 not null,
    expires_month int4 not null constraint saved_card_month check (expires_month between 1 and 12),
    saved_at timestamptz not null,
    removed_at timestamptz,
    primary key (company_id, id),
    foreign key (company_id, subscriber_id) references subscriber,
    constraint saved_card_reference_once unique (company_id, provider, reference)
);
create index saved_card_of_subscriber on saved_card (company_id, subscriber_id);
comment on table saved_card is 'A card that a provider keeps for a subscriber; its number is nowhere here.';
call protect_tenant_table('saved_card', 'select, insert, update');
call record_changes('saved_card', 'SavedCard');

create table top_up (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    account_id int8 not null,
    way text not null constraint top_up_way check (way in ('CHECKOUT', 'CARD_FORM', 'SAVED_CARD')),
    amount_micro int8 not null constraint top_up_amount check (amount_micro > 0),
    currency text not null,
    provider text not null,
    payment_key uuid not null default gen_random_uuid(),
    idempotency_key text not null,
    request_hash bytea not null,
    return_url text,
    saved_card_id int8,
    save_card bool not null default false,
    instalments int4 not null default 1 constraint top_up_instalments check (instalments >= 1),
    automatic bool not null default false,
    started_at timestamptz not null,
    lapses_at timestamptz not null,
    look_again_at timestamptz,
    state text not null default 'STARTED' constraint top_up_state check (state in ('STARTED', 'IN_FLIGHT',
        'CREDITED', 'FAILED', 'LAPSED', 'REFUNDED', 'DISPUTED', 'CHARGED_BACK')),
    payment_status text not null default 'OPEN' constraint top_up_payment_status
        check (payment_status in ('OPEN', 'PROCESSING', 'CANCELLED', 'SUCCEEDED')),
    payment_at timestamptz not null,
    payment_reference text,
    checkout_reference text,
    failure text,
    received_micro int8 not null default 0,
    refunded_micro int8 not null default 0,
    held_micro int8 not null default 0,
    paid_at timestamptz,
    credited_at timestamptz,
    journal_id int8,
    booked_in_flight_micro int8 not null default 0,
    debt_share_micro int8 not null default 0,
    revision int4 not null default 0,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, account_id) references account,
    foreign key (company_id, saved_card_id) references saved_card,
    foreign key (company_id, journal_id) references journal,
    constraint top_up_key_once unique (company_id, account_id, automatic, idempotency_key),
    constraint top_up_payment_key_once unique (company_id, payment_key),
    constraint top_up_card check ((way = 'SAVED_CARD') = (saved_card_id is not null)),
    constraint top_up_credited check ((journal_id is null) = (credited_at is null))
);
create index top_up_of_account on top_up (company_id, account_id, started_at, id);
create index top_up_by_time on top_up (company_id, started_at, id);
create index top_up_of_payment on top_up (provider, payment_reference) where payment_reference is not null;
create index top_up_to_look_at on top_up (look_again_at) where look_again_at is not null;
create index top_up_of_debt on top_up (company_id, account_id, credited_at) where debt_share_micro > 0;
comment on table top_up is 'Credit bought through a payment provider. What is booked follows from what the provider said.';
comment on column top_up.payment_key is 'What we call the payment at the provider, for good.';
comment on column top_up.lapses_at is 'When nobody can pay it any more.';
comment on column top_up.look_again_at is 'When to ask the provider how it is; null once nothing can change unasked.';
comment on column top_up.held_micro is 'What disputes keep from the account.';
comment on column top_up.paid_at is 'When it was paid, by the provider''s clock.';
call protect_tenant_table('top_up', 'select, insert, update');
revoke delete on top_up from wattledger_system;
call record_changes('top_up', 'TopUp', ignored => '{request_hash,payment_key,look_again_at,payment_at,revision,booked_in_flight_micro}');

create table top_up_refund (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    top_up_id int8 not null,
    amount_micro int8 not null constraint top_up_refund_amount check (amount_micro > 0),
    refund_key uuid not null default gen_random_uuid(),
    idempotency_key text,
    request_hash bytea,
    reason text constraint top_up_refund_reason check (char_length(reason) between 1 and 500),
    state text not null constraint top_up_refund_state check (state in ('REQUESTED', 'PENDING', 'SUCCEEDED', 'FAILED')),
    reference text,
    failure text,
    requested_at timestamptz not null,
    look_again_at timestamptz,
    booked_micro int8 not null default 0,
    revision int4 not null default 0,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, top_up_id) references top_up,
    constraint top_up_refund_key_once unique (company_id, idempotency_key),
    constraint top_up_refund_refund_key_once unique (company_id, refund_key),
    constraint top_up_refund_reference_once unique (company_id, top_up_id, reference)
);
create index top_up_refund_of_top_up on top_up_refund (company_id, top_up_id);
create index top_up_refund_to_look_at on top_up_refund (look_again_at) where look_again_at is not null;
comment on table top_up_refund is 'Money given back. The account does without it from the request on, unless it fails.';
comment on column top_up_refund.idempotency_key is 'Null when it was made at the provider''s own desk.';
call protect_tenant_table('top_up_refund', 'select, insert, update');
revoke delete on top_up_refund from wattledger_system;
call record_changes('top_up_refund', 'TopUpRefund', ignored => '{request_hash,refund_key,look_again_at,revision,booked_micro}');

create table top_up_dispute (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    top_up_id int8 not null,
    reference text not null,
    amount_micro int8 not null constraint top_up_dispute_amount check (amount_micro > 0),
    reason text,
    state text not null constraint top_up_dispute_state check (state in ('OPEN', 'WON', 'LOST')),
    opened_at timestamptz not null,
    withdrawn_micro int8 not null default 0,
    reinstated_micro int8 not null default 0,
    fee_micro int8 not null default 0,
    movements int4 not null default 0,
    look_again_at timestamptz,
    booked_held_micro int8 not null default 0,
    booked_gone_micro int8 not null default 0,
    booked_fee_micro int8 not null default 0,
    revision int4 not null default 0,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, top_up_id) references top_up,
    constraint top_up_dispute_reference_once unique (company_id, top_up_id, reference)
);
create index top_up_dispute_of_top_up on top_up_dispute (company_id, top_up_id);
create index top_up_dispute_to_look_at on top_up_dispute (look_again_at) where look_again_at is not null;
comment on table top_up_dispute is 'A payer''s bank wants money back. The account does without it until the funds are back.';
call protect_tenant_table('top_up_dispute', 'select, insert, update');
revoke delete on top_up_dispute from wattledger_system;
call record_changes('top_up_dispute', 'TopUpDispute', ignored => '{look_again_at,revision,booked_held_micro,booked_gone_micro,booked_fee_micro}');

create table automatic_top_up (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    account_id int8 not null,
    saved_card_id int8 not null,
    threshold_micro int8 not null,
    amount_micro int8 not null constraint automatic_top_up_amount check (amount_micro > 0),
    active bool not null default true,
    failures int4 not null default 0,
    times int4 not null default 0,
    rests_until timestamptz,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, account_id) references account,
    foreign key (company_id, saved_card_id) references saved_card,
    constraint automatic_top_up_account_once unique (company_id, account_id)
);
create index automatic_top_up_active on automatic_top_up (company_id, account_id) where active;
comment on table automatic_top_up is 'What a subscriber lets be bought when credit runs low.';
comment on column automatic_top_up.failures is 'In a row; too many of them switch it off.';
comment on column automatic_top_up.times is 'How many top-ups it has started; numbers their keys.';
call protect_tenant_table('automatic_top_up', 'select, insert, update');
call record_changes('automatic_top_up', 'AutomaticTopUp', ignored => '{times,rests_until}');

-- Of no company until it is looked into.
create table webhook_event (
    provider text not null,
    event_id text not null,
    kind text not null,
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    body bytea not null,
    state text not null default 'WAITING' constraint webhook_event_state check (state in ('WAITING', 'DONE', 'FAILED')),
    attempts int4 not null default 0,
    next_attempt_at timestamptz not null,
    failure text,
    primary key (provider, event_id)
);
create index webhook_event_waiting on webhook_event (next_attempt_at, received_at) where state = 'WAITING';
create index webhook_event_by_time on webhook_event (received_at);
comment on table webhook_event is 'What providers told, kept before it is acknowledged, and worked on after.';
grant select, insert, update, delete on webhook_event to wattledger_system;

create table payment_reconciliation (
    provider text primary key,
    since timestamptz not null,
    until timestamptz not null,
    list_name text not null,
    after text,
    ended_at timestamptz,
    found int4 not null default 0
);
comment on table payment_reconciliation is 'How far the comparison with a provider''s own objects is.';
comment on column payment_reconciliation.found is 'How many objects told something new, in this or the last run.';
grant select, insert, update on payment_reconciliation to wattledger_system;
"""

DOWN = """
drop table payment_reconciliation;
drop table webhook_event;
drop table automatic_top_up;
drop table top_up_dispute;
drop table top_up_refund;
drop table top_up;
drop table saved_card;
drop table payment_customer;
alter table company
    drop constraint company_top_up_maximum,
    drop debt_share_period,
    drop debt_share_cap_micro,
    drop debt_share_percent,
    drop top_up_presets_micro,
    drop top_up_maximum_micro,
    drop top_up_minimum_micro;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0021_messages")]
    operations = [RunSQL(UP, DOWN)]
