"""The books as a whole: all sides, what a transaction corrects, who made it, and adjustments by hand."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
alter table ledger_account
    add code text,
    drop constraint ledger_account_kind,
    drop constraint ledger_account_owner,
    drop constraint ledger_account_once,
    add constraint ledger_account_kind check (kind in ('CREDIT', 'DEBT', 'EMERGENCY_CREDIT', 'IN_FLIGHT',
        'CASH', 'BANK', 'PROVIDER_CLEARING', 'PROVIDER_FEES', 'REVENUE', 'TAX', 'ADJUSTMENTS', 'WRITE_OFF', 'DISPUTED')),
    add constraint ledger_account_owner check (
        (kind in ('CREDIT', 'DEBT', 'EMERGENCY_CREDIT', 'IN_FLIGHT')) = (account_id is not null)),
    add constraint ledger_account_code check (kind = 'TAX' or code is null),
    add constraint ledger_account_once unique nulls not distinct (company_id, kind, account_id, code);
create index ledger_account_of_account on ledger_account (company_id, account_id) where account_id is not null;
create trigger ledger_account_immutable before update or delete on ledger_account for each row execute function refuse_change();
create trigger ledger_account_stays before truncate on ledger_account execute function refuse_change();
comment on table ledger_account is 'One side of the books: an account''s, or one of the company''s own. Immutable.';
comment on column ledger_account.code is 'Which tax, where a company keeps them apart.';

-- The kinds are the code's: each way of paying adds its own, and none of them is ever removed.
alter table journal
    drop constraint journal_kind,
    drop constraint journal_energy_date,
    add constraint journal_kind check (kind ~ '^[A-Z][A-Z_]{1,39}$'),
    add constraint journal_energy_date check (kind <> 'ENERGY' or energy_date is not null),
    add corrects int8,
    add reason text constraint journal_reason check (char_length(reason) between 1 and 500),
    add user_id int8 default (nullif(current_setting('app.actor', true), '')::jsonb ->> 'user_id')::int8,
    add key_id int8 default (nullif(current_setting('app.actor', true), '')::jsonb ->> 'key_id')::int8,
    add constraint journal_corrects foreign key (company_id, corrects) references journal,
    add constraint journal_corrects_another check (corrects <> id),
    add constraint journal_reversal check (kind <> 'REVERSAL' or (corrects is not null and reason is not null));
create index journal_of_corrected on journal (company_id, corrects) where corrects is not null;
create unique index journal_reversed_once on journal (company_id, corrects) where kind = 'REVERSAL';
create trigger journal_stays before truncate on journal execute function refuse_change();
comment on column journal.corrects is 'The transaction that this one puts right; that one stays as it is.';
comment on column journal.user_id is 'Who made it, when a person did; key_id, when a program did.';

-- An entry is found by its account and its time: both are copies of what never changes.
alter table entry
    add id int8 not null default nextval('id_sequence'),
    add account_id int8,
    add occurred_at timestamptz;
alter table entry disable trigger entry_immutable;
update entry e set account_id = l.account_id, occurred_at = j.occurred_at
from ledger_account l, journal j
where l.company_id = e.company_id and l.id = e.ledger_account_id
    and j.company_id = e.company_id and j.id = e.journal_id;
alter table entry enable trigger entry_immutable;
alter table entry
    alter occurred_at set not null,
    add constraint entry_id_once unique (company_id, id);
create index entry_of_account on entry (company_id, account_id, occurred_at, id) where account_id is not null;
create index entry_by_time on entry (company_id, occurred_at, id);
create trigger entry_stays before truncate on entry execute function refuse_change();
comment on column entry.account_id is 'The ledger account''s account; null where the side is the company''s own.';

alter table account_balance
    add debt_micro int8 not null default 0,
    add emergency_used_micro int8 not null default 0,
    add in_flight_micro int8 not null default 0;
comment on column account_balance.debt_micro is 'What is owed beside the balance.';
comment on column account_balance.emergency_used_micro is 'What was lent near the limit and is not repaid.';
comment on column account_balance.in_flight_micro is 'What was paid and is not confirmed; no part of the balance yet.';

alter table company
    add adjustment_approval_limit_micro int8
        constraint company_adjustment_approval_limit check (adjustment_approval_limit_micro >= 0);
comment on column company.adjustment_approval_limit_micro is 'Adjustments above it need a second person; null: none does.';
grant update (adjustment_approval_limit_micro) on company to wattledger_app;

-- Who made a key stands behind what is done with it.
alter table api_key
    add created_by int8 references app_user
        default (nullif(current_setting('app.actor', true), '')::jsonb ->> 'user_id')::int8,
    add created_by_key int8
        default (nullif(current_setting('app.actor', true), '')::jsonb ->> 'key_id')::int8,
    add foreign key (company_id, created_by_key) references api_key;
alter table api_key disable trigger record_updated;
update api_key k set created_by = e.user_id, created_by_key = e.key_id
from daily_entry e
where e.company_id = k.company_id and e.object_type = 'ApiKey' and e.object_id = k.id and e.kind = 'ADDED';
alter table api_key enable trigger record_updated;
comment on column api_key.created_by is 'Who made it and saw its secret; null when the command line did.';
comment on column api_key.created_by_key is 'With which key it was made, if with one.';

create table adjustment (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    account_id int8 not null,
    amount_micro int8 not null constraint adjustment_amount check (amount_micro <> 0),
    reason text not null constraint adjustment_reason check (char_length(reason) between 1 and 500),
    idempotency_key text not null,
    request_hash bytea not null,
    state text not null constraint adjustment_state check (state in ('PROPOSED', 'POSTED', 'REJECTED')),
    proposed_by int8 references app_user,
    proposed_by_key int8,
    proposed_at timestamptz not null,
    decided_by int8 references app_user,
    decided_by_key int8,
    decided_at timestamptz,
    rejection_reason text constraint adjustment_rejection_reason check (char_length(rejection_reason) between 1 and 500),
    journal_id int8,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, account_id) references account,
    foreign key (company_id, proposed_by_key) references api_key,
    foreign key (company_id, decided_by_key) references api_key,
    foreign key (company_id, journal_id) references journal,
    constraint adjustment_key_once unique (company_id, idempotency_key),
    constraint adjustment_posted check ((state = 'POSTED') = (journal_id is not null)),
    constraint adjustment_waits check (state <> 'PROPOSED' or (decided_by, decided_by_key, decided_at) is null),
    constraint adjustment_rejected check (state <> 'REJECTED' or decided_at is not null),
    constraint adjustment_two_people check (decided_by <> proposed_by)
);
create index adjustment_of_account on adjustment (company_id, account_id);
create index adjustment_by_time on adjustment (company_id, proposed_at, id);
comment on table adjustment is 'Credit given or taken by hand; above the company''s limit once a second person has agreed.';

create function refuse_second_decision() returns trigger language plpgsql as $$
begin
    raise exception 'adjustment % is decided', old.id using errcode = 'restrict_violation';
end $$;
create trigger adjustment_decided_once before update on adjustment for each row
    when (old.state <> 'PROPOSED') execute function refuse_second_decision();
call protect_tenant_table('adjustment', 'select, insert, update');
revoke delete on adjustment from wattledger_system;
call record_changes('adjustment', 'Adjustment', ignored => '{request_hash}');
"""

DOWN = """
drop table adjustment;
drop function refuse_second_decision;
alter table api_key drop created_by_key, drop created_by;
revoke update (adjustment_approval_limit_micro) on company from wattledger_app;
alter table company drop adjustment_approval_limit_micro;
alter table account_balance drop debt_micro, drop emergency_used_micro, drop in_flight_micro;
drop trigger entry_stays on entry;
drop index entry_by_time, entry_of_account;
alter table entry drop id, drop account_id, drop occurred_at;
drop trigger journal_stays on journal;
drop index journal_reversed_once, journal_of_corrected;
-- What was posted meanwhile stays, of whatever kind: the books are never changed.
alter table journal
    drop constraint journal_kind,
    drop constraint journal_energy_date,
    drop user_id,
    drop key_id,
    drop reason,
    drop corrects,
    add constraint journal_kind check (kind in ('ENERGY', 'CASH_TOP_UP')) not valid,
    add constraint journal_energy_date check ((kind = 'ENERGY') = (energy_date is not null)) not valid;
drop trigger ledger_account_stays on ledger_account;
drop trigger ledger_account_immutable on ledger_account;
drop index ledger_account_of_account;
alter table ledger_account
    drop constraint ledger_account_once,
    drop constraint ledger_account_owner,
    drop constraint ledger_account_kind,
    drop code,
    add constraint ledger_account_kind check (kind in ('CREDIT', 'REVENUE', 'CASH')) not valid,
    add constraint ledger_account_owner check ((kind = 'CREDIT') = (account_id is not null)) not valid;
-- Refused where taxes are kept apart: one could not be told from another any more.
alter table ledger_account add constraint ledger_account_once unique nulls not distinct (company_id, kind, account_id);
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0016_retention")]
    operations = [RunSQL(UP, DOWN)]
