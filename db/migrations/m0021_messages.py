"""Messages of every channel with their history, limits of accounts, who was warned, and loans.

Who is below the warning limit already is warned once after it.
"""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table message (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    channel text not null default 'MAIL' constraint message_channel check (channel in ('MAIL', 'SMS')),
    kind text not null constraint message_kind check (kind in ('INVITATION', 'PASSWORD_RESET', 'PASSWORD_CHANGED',
        'LOW_CREDIT', 'TOP_UP_RECEIPT', 'CUT_OFF', 'RECONNECTION', 'INVOICE', 'SYSTEM_REPORT', 'FAULT_NOTICE')),
    user_id int8 references app_user,
    subscriber_id int8,
    account_id int8,
    reference_id int8,
    facts jsonb,
    sealed bytea,
    recipient bytea,
    body bytea,
    locale text not null,
    state text not null default 'WAITING' constraint message_state
        check (state in ('WAITING', 'SENT', 'DELIVERED', 'BOUNCED', 'FAILED', 'DROPPED')),
    attempts int4 not null default 0,
    next_attempt_at timestamptz not null,
    created_at timestamptz not null,
    sent_at timestamptz,
    ended_at timestamptz,
    failure text,
    reply text,
    provider_id text,
    primary key (company_id, id),
    foreign key (company_id, subscriber_id) references subscriber,
    foreign key (company_id, account_id) references account,
    constraint message_one_recipient check (num_nonnulls(user_id, subscriber_id) <= 1)
);
insert into message (company_id, id, kind, user_id, reference_id, sealed, locale, state, attempts,
    next_attempt_at, created_at, sent_at, ended_at, failure)
select company_id, id, kind, user_id, reference_id, sealed, locale, state, attempts, next_attempt_at,
    created_at, case when state = 'SENT' then ended_at end, ended_at, failure
from mail;
drop table mail;
create index message_due on message (channel, next_attempt_at, id) where state = 'WAITING';
create index message_by_time on message (company_id, created_at, id);
create index message_of_account on message (company_id, account_id, created_at, id) where account_id is not null;
create index message_of_subscriber on message (company_id, subscriber_id, created_at, id) where subscriber_id is not null;
comment on table message is 'What is sent to people, after the commit that asks for it, and what became of it; company 0 is the platform.';
comment on column message.facts is 'What it tells: amounts and times, and nothing of the person.';
comment on column message.sealed is 'Under the platform''s secret: whom it is for, where no row says so; gone once it is sent.';
comment on column message.recipient is 'Where it went, under the person''s key; of users their row says so.';
comment on column message.body is 'What it said, under the person''s key; never kept where it holds a token.';
comment on column message.reply is 'What the server or the gateway answered that took it, without addresses.';
call protect_tenant_table('message', 'select, insert');
grant update (recipient, body) on message to wattledger_app;

create table message_event (
    company_id int4 not null,
    message_id int8 not null,
    id int8 not null default nextval('id_sequence'),
    at timestamptz not null,
    state text not null constraint message_event_state
        check (state in ('WAITING', 'SENT', 'DELIVERED', 'BOUNCED', 'FAILED', 'DROPPED')),
    attempt int4 not null,
    detail text,
    primary key (company_id, message_id, id),
    foreign key (company_id, message_id) references message on delete cascade
);
comment on table message_event is 'What happened to each message, in order; detail: what a server said, without addresses.';
call protect_tenant_table('message_event', 'select, insert');
insert into message_event (company_id, message_id, at, state, attempt, detail)
select company_id, id, ended_at, state, attempts, failure from message where ended_at is not null;

alter table company
    add cut_off_limit_micro int8 not null default 0,
    add reconnect_limit_micro int8 not null default 0,
    add warning_margin_micro int8 not null default 1000000
        constraint company_warning_margin check (warning_margin_micro >= 0),
    add message_channels text[] not null default '{MAIL}'
        constraint company_message_channels check (message_channels <@ '{MAIL,SMS}'),
    add message_retention_days int4 not null default 730
        constraint company_message_retention check (message_retention_days between 30 and 3650);
comment on column company.warning_margin_micro is 'How far above the warning limit a balance has to get before its account is warned again.';
comment on column company.message_channels is 'By which channels subscribers are told.';
alter table company
    add emergency_credit_micro int8 not null default 0
        constraint company_emergency_credit check (emergency_credit_micro >= 0),
    add emergency_near_micro int8;
comment on column company.emergency_credit_micro is 'What is lent to a prepaid account near its limit, until it is repaid; 0: nothing is.';
comment on column company.emergency_near_micro is 'At or below which balance it is lent; null: the account''s warning limit.';
grant update (emergency_credit_micro, emergency_near_micro) on company to wattledger_app;
grant update (warning_limit_micro, cut_off_limit_micro, reconnect_limit_micro, warning_margin_micro,
    message_channels, message_retention_days) on company to wattledger_app;
alter table account add cut_off_limit_micro int8, add reconnect_limit_micro int8;
grant delete on attention to wattledger_app;

alter table adjustment add column side text not null default 'CREDIT'
    constraint adjustment_side check (side in ('CREDIT', 'DEBT'));
comment on column adjustment.side is 'What it moves; on DEBT, below zero adds to what is owed and above forgives.';

create table account_warning (
    company_id int4 not null,
    account_id int8 not null,
    warned_at timestamptz not null,
    primary key (company_id, account_id),
    foreign key (company_id, account_id) references account
);
comment on table account_warning is 'Accounts that were warned and have not recovered since.';
call protect_tenant_table('account_warning', 'select, insert, delete');

create table limits_moved (
    company_id int4 primary key references company,
    after_account_id int8 not null default 0
);
comment on table limits_moved is 'Companies whose limits changed, and up to which account that was looked at.';
call protect_tenant_table('limits_moved', 'select, insert, update');
insert into limits_moved (company_id) select id from company;
"""

DOWN = """
drop table limits_moved, account_warning;
-- The books keep what they moved; the older release would take them for credit.
delete from adjustment where side = 'DEBT';
alter table adjustment drop side;
revoke delete on attention from wattledger_app;
alter table account drop cut_off_limit_micro, drop reconnect_limit_micro;
revoke update (warning_limit_micro) on company from wattledger_app;
alter table company drop cut_off_limit_micro, drop reconnect_limit_micro, drop warning_margin_micro,
    drop message_channels, drop message_retention_days, drop emergency_credit_micro, drop emergency_near_micro;
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
-- What the older release cannot write is not sent by it.
insert into mail
select company_id, id, kind, user_id, reference_id, sealed, locale,
    case state when 'DELIVERED' then 'SENT' when 'BOUNCED' then 'FAILED' else state end,
    attempts, next_attempt_at, created_at, ended_at, failure
from message where kind in ('INVITATION', 'PASSWORD_RESET', 'PASSWORD_CHANGED');
drop table message_event, message;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0020_tariffs")]
    operations = [RunSQL(UP, DOWN)]
