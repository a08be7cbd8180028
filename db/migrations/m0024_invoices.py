"""Invoices and their numbers, payments, bank statements, documents and notices."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
alter table company
    add invoice_number_format text not null default '{series}{year}{number:09}',
    add invoice_series text not null default 'INV' constraint company_invoice_series check (invoice_series ~ '^[A-Z]([A-Z0-9]{0,6}[A-Z])?$'),
    add purchase_series text not null default 'PUR' constraint company_purchase_series check (purchase_series ~ '^[A-Z]([A-Z0-9]{0,6}[A-Z])?$'),
    add credit_note_series text not null default 'CRN' constraint company_credit_note_series check (credit_note_series ~ '^[A-Z]([A-Z0-9]{0,6}[A-Z])?$'),
    add invoice_due_days int4 not null default 10 constraint company_invoice_due_days check (invoice_due_days between 0 and 365),
    add einvoices_since timestamptz,
    add notice_working_days int4 not null default 5 constraint company_notice_working_days check (notice_working_days between 0 and 60),
    add invoice_after_days int4 default 1 constraint company_invoice_after_days check (invoice_after_days between 0 and 27);
comment on column company.invoice_number_format is 'Of {series}, {year} and {number}, the last with a width: {number:09}.';
comment on column company.invoice_after_days is 'How many days after a month''s end its invoices are made; null: only when somebody asks.';
grant update (invoice_number_format, invoice_series, purchase_series, credit_note_series, invoice_due_days,
    invoice_after_days, einvoices_since, notice_working_days) on company to wattledger_app;
comment on column company.einvoices_since is 'From when on its invoices go to an integrator; null: none do.';

create table invoice_counter (
    company_id int4 not null references company,
    series text not null,
    year int4 not null,
    last_number int8 not null constraint invoice_counter_number check (last_number > 0),
    primary key (company_id, series, year)
) with (fillfactor = 50);
comment on table invoice_counter is 'The last number that was given in each series and year; whoever takes the next waits for who took it.';
call protect_tenant_table('invoice_counter', 'select, insert, update');
revoke delete on invoice_counter from wattledger_system;

create table invoice (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    account_id int8 not null,
    kind text not null constraint invoice_kind check (kind in ('MONTHLY', 'PURCHASE', 'CREDIT_NOTE')),
    series text not null,
    year int4 not null,
    place_in_series int8 not null,
    number text not null,
    month date constraint invoice_month check (extract(day from month) = 1),
    issued_at timestamptz not null,
    issue_date date not null,
    due_date date not null,
    currency text not null,
    lines_micro int8 not null,
    tax_micro int8 not null,
    rounding_micro int8 not null,
    total_micro int8 not null constraint invoice_total_not_negative check (total_micro >= 0),
    is_estimated bool not null,
    refers_to int8,
    journal_id int8,
    idempotency_key text,
    request_hash bytea,
    reason text constraint invoice_reason check (char_length(reason) between 1 and 500),
    user_id int8 default (nullif(current_setting('app.actor', true), '')::jsonb ->> 'user_id')::int8,
    key_id int8 default (nullif(current_setting('app.actor', true), '')::jsonb ->> 'key_id')::int8,
    paid_micro int8 not null default 0 constraint invoice_paid check (paid_micro >= 0),
    credited_micro int8 not null default 0 constraint invoice_credited check (credited_micro >= 0),
    primary key (company_id, id),
    foreign key (company_id, account_id) references account,
    foreign key (company_id, refers_to) references invoice,
    foreign key (company_id, journal_id) references journal,
    constraint invoice_place_once unique (company_id, series, year, place_in_series),
    constraint invoice_number_once unique (company_id, number),
    constraint invoice_key_once unique (company_id, idempotency_key),
    constraint invoice_total check (total_micro = lines_micro + tax_micro + rounding_micro),
    constraint invoice_settled check (paid_micro + credited_micro <= total_micro),
    constraint invoice_monthly check ((kind = 'MONTHLY') = (month is not null)),
    constraint invoice_credit_note check ((kind = 'CREDIT_NOTE') = (refers_to is not null)),
    constraint invoice_credit_note_reason check (kind <> 'CREDIT_NOTE' or reason is not null),
    constraint invoice_purchase check (kind <> 'PURCHASE' or journal_id is not null)
) with (fillfactor = 80);
create unique index invoice_month_once on invoice (company_id, account_id, month) where kind = 'MONTHLY';
create unique index invoice_purchase_once on invoice (company_id, journal_id) where kind = 'PURCHASE';
create index invoice_of_account on invoice (company_id, account_id, due_date, id);
create index invoice_by_time on invoice (company_id, issued_at, id);
create index invoice_of_invoice on invoice (company_id, refers_to) where refers_to is not null;
comment on table invoice is 'What was invoiced. Immutable but for how much of it is paid and credited.';
comment on column invoice.journal_id is 'What it did to the books: of a purchase, the top-up.';

create function refuse_invoice_change() returns trigger language plpgsql as $$
begin
    if tg_op <> 'UPDATE' or to_jsonb(old) - '{paid_micro,credited_micro}'::text[] <> to_jsonb(new) - '{paid_micro,credited_micro}'::text[] then
        raise exception '% of % is refused: invoices are immutable', tg_op, tg_table_name using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger invoice_immutable before update or delete on invoice for each row execute function refuse_invoice_change();
create trigger invoice_stays before truncate on invoice execute function refuse_change();
call protect_tenant_table('invoice', 'select, insert, update (paid_micro, credited_micro)');
revoke delete on invoice from wattledger_system;

create table invoice_line (
    company_id int4 not null,
    invoice_id int8 not null,
    line int2 not null constraint invoice_line_place check (line > 0),
    kind text not null constraint invoice_line_kind check (kind in ('ENERGY', 'SETTLEMENT', 'CREDIT')),
    amount_micro int8 not null,
    energy_month date,
    meter_id int8,
    meter_serial text,
    multiplier numeric(12, 4),
    first_index_wh int8,
    first_at timestamptz,
    last_index_wh int8,
    last_at timestamptz,
    energy_wh numeric(24, 4),
    price_per_kwh numeric(18, 9),
    is_estimated bool not null,
    of_line int2,
    primary key (company_id, invoice_id, line),
    foreign key (company_id, invoice_id) references invoice,
    constraint invoice_line_of_energy check (kind <> 'ENERGY' or num_nulls(energy_month, meter_id, meter_serial,
        multiplier, first_index_wh, first_at, last_index_wh, last_at, energy_wh) = 0)
);
comment on table invoice_line is 'What an invoice charges, or a credit note gives back. Immutable.';
comment on column invoice_line.price_per_kwh is 'Null where a tariff has components, and so no one price.';
comment on column invoice_line.energy_wh is 'At the consumer''s side of the multiplier.';
comment on column invoice_line.of_line is 'Of a credit note: which line of the invoice it takes back.';
comment on column invoice_line.is_estimated is 'Whether no reading stood where the line begins or ends.';
create trigger invoice_line_immutable before update or delete on invoice_line for each row execute function refuse_change();
create trigger invoice_line_stays before truncate on invoice_line execute function refuse_change();
call protect_tenant_table('invoice_line', 'select, insert');
revoke update, delete on invoice_line from wattledger_system;

create table invoice_tax (
    company_id int4 not null,
    invoice_id int8 not null,
    name text not null constraint invoice_tax_name check (name <> ''),
    rate numeric(9, 6),
    base_micro int8 not null,
    amount_micro int8 not null,
    primary key (company_id, invoice_id, name),
    foreign key (company_id, invoice_id) references invoice
);
comment on table invoice_tax is 'A tax on the lines of an invoice. Immutable.';
create trigger invoice_tax_immutable before update or delete on invoice_tax for each row execute function refuse_change();
create trigger invoice_tax_stays before truncate on invoice_tax execute function refuse_change();
call protect_tenant_table('invoice_tax', 'select, insert');
revoke update, delete on invoice_tax from wattledger_system;

create table invoice_document (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    invoice_id int8 not null,
    language text not null constraint invoice_document_language check (language in ('EN', 'TR')),
    subscriber_id int8 not null,
    made_at timestamptz not null,
    size int8 not null constraint invoice_document_size check (size > 0),
    sha256 bytea not null constraint invoice_document_sha256 check (octet_length(sha256) = 32),
    sealed bytea not null,
    primary key (company_id, id),
    foreign key (company_id, invoice_id) references invoice,
    constraint invoice_document_once unique (company_id, invoice_id, language)
);
alter table invoice_document alter column sealed set storage external;
comment on table invoice_document is 'Pictures of invoices as PDF, made once, sealed under the key of the person whose name they have. Immutable.';
comment on column invoice_document.sha256 is 'Of the PDF.';
create trigger invoice_document_immutable before update or delete on invoice_document for each row execute function refuse_change();
create trigger invoice_document_stays before truncate on invoice_document execute function refuse_change();
call protect_tenant_table('invoice_document', 'select, insert');
revoke update, delete on invoice_document from wattledger_system;

create table einvoice (
    company_id int4 not null,
    invoice_id int8 not null,
    state text not null constraint einvoice_state check (state in ('WAITING', 'SENT', 'REFUSED')),
    uuid text,
    reference text,
    error text,
    attempts int4 not null default 0,
    next_try_at timestamptz not null,
    ended_at timestamptz,
    primary key (company_id, invoice_id),
    foreign key (company_id, invoice_id) references invoice,
    constraint einvoice_ended check ((state = 'WAITING') = (ended_at is null))
) with (fillfactor = 80);
create index einvoice_to_do on einvoice (next_try_at) where state = 'WAITING';
comment on table einvoice is 'How far the legal document of an invoice is on its way to the integrator.';
call protect_tenant_table('einvoice', 'select');
revoke delete on einvoice from wattledger_system;

create table holiday (
    company_id int4 not null references company,
    day date not null,
    name text not null constraint holiday_name check (name <> ''),
    primary key (company_id, day)
);
comment on table holiday is 'Days on which a company does not work, beside Saturdays and Sundays.';
call protect_tenant_table('holiday', 'select, insert, update, delete');
call record_changes('holiday', 'Holiday', '{company_id,day,company_id}');

create table overdue_notice (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    invoice_id int8 not null,
    number int4 not null constraint overdue_notice_number check (number > 0),
    issued_at timestamptz not null,
    open_micro int8 not null constraint overdue_notice_open check (open_micro > 0),
    delivered_at timestamptz,
    delivery_method text constraint overdue_notice_method check (delivery_method in ('HAND', 'POST', 'REGISTERED_POST', 'EMAIL', 'SMS')),
    delivery_evidence text constraint overdue_notice_evidence check (char_length(delivery_evidence) between 1 and 500),
    message_id int8,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, invoice_id) references invoice,
    constraint overdue_notice_number_once unique (company_id, invoice_id, number),
    constraint overdue_notice_delivered check ((delivered_at is null) = (delivery_method is null)),
    constraint overdue_notice_proven check (delivered_at is null or num_nonnulls(delivery_evidence, message_id) > 0)
);
create index overdue_notice_by_time on overdue_notice (company_id, issued_at, id);
comment on table overdue_notice is 'That somebody was told of an overdue invoice, and what proves that it arrived.';
comment on column overdue_notice.message_id is 'The message that it went with, once there are any.';
call protect_tenant_table('overdue_notice', 'select, insert, update');
revoke delete on overdue_notice from wattledger_system;
call record_changes('overdue_notice', 'OverdueNotice');

create table invoicing_run (
    company_id int4 not null references company,
    month date not null constraint invoicing_run_month check (extract(day from month) = 1),
    after_account_id int8 not null default 0,
    issued int4 not null default 0,
    failed int4 not null default 0,
    begun_at timestamptz not null,
    ended_at timestamptz,
    primary key (company_id, month)
) with (fillfactor = 50);
create index invoicing_run_open on invoicing_run (company_id, month) where ended_at is null;
comment on table invoicing_run is 'How far the invoices of a month are: all postpaid accounts up to after_account_id have been looked at.';
call protect_tenant_table('invoicing_run', 'select');
revoke delete on invoicing_run from wattledger_system;

create table payment (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    account_id int8 not null,
    amount_micro int8 not null constraint payment_amount check (amount_micro > 0),
    method text not null constraint payment_method check (method in ('CASH', 'BANK_TRANSFER', 'CARD')),
    reference text,
    received_at timestamptz not null,
    recorded_at timestamptz not null,
    state text not null default 'POSTED' constraint payment_state check (state in ('POSTED', 'REVERSED')),
    journal_id int8 not null,
    reversal_id int8,
    reversal_reason text,
    allocated_micro int8 not null default 0,
    idempotency_key text not null,
    request_hash bytea not null,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, account_id) references account,
    foreign key (company_id, journal_id) references journal,
    foreign key (company_id, reversal_id) references journal,
    constraint payment_key_once unique (company_id, idempotency_key),
    constraint payment_allocated check (allocated_micro between 0 and amount_micro),
    constraint payment_reversed check ((state = 'REVERSED') = (reversal_id is not null)),
    constraint payment_reversed_pays_nothing check (state <> 'REVERSED' or allocated_micro = 0)
);
create index payment_of_account on payment (company_id, account_id, received_at, id);
create index payment_by_time on payment (company_id, received_at, id);
create index payment_waiting on payment (company_id, account_id) where state = 'POSTED' and allocated_micro < amount_micro;
comment on table payment is 'Money that somebody brought for an account, outside of bought credit.';
comment on column payment.allocated_micro is 'How much of it pays invoices; the rest is credit that the next ones take.';
call protect_tenant_table('payment', 'select, insert, update');
revoke delete on payment from wattledger_system;
call record_changes('payment', 'Payment', ignored => '{request_hash}');

create table allocation (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    payment_id int8 not null,
    invoice_id int8 not null,
    amount_micro int8 not null constraint allocation_amount check (amount_micro > 0),
    allocated_at timestamptz not null,
    released_at timestamptz,
    primary key (company_id, id),
    foreign key (company_id, payment_id) references payment,
    foreign key (company_id, invoice_id) references invoice
);
create index allocation_of_payment on allocation (company_id, payment_id);
create index allocation_of_invoice on allocation (company_id, invoice_id);
comment on table allocation is 'How much of a payment pays an invoice; until it is released.';
call protect_tenant_table('allocation', 'select, insert, update');
revoke delete on allocation from wattledger_system;
call record_changes('allocation', 'Allocation');

-- The kinds are the code's, and none of them is ever removed.
alter table job drop constraint job_kind, add constraint job_kind check (kind ~ '^[A-Z][A-Z_]{1,39}$');

create table bank_transfer (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    job_id int8 not null,
    booked_date date not null,
    amount_micro int8 not null constraint bank_transfer_amount check (amount_micro > 0),
    currency text not null,
    text text not null,
    bank_reference text,
    digest bytea not null,
    occurrence int4 not null,
    imported_at timestamptz not null,
    state text not null constraint bank_transfer_state check (state in ('MATCHED', 'REVIEW', 'IGNORED')),
    payment_id int8,
    suggested_invoice_id int8,
    ignored_because text,
    version int4 not null default 1,
    primary key (company_id, id),
    foreign key (company_id, payment_id) references payment,
    foreign key (company_id, suggested_invoice_id) references invoice,
    constraint bank_transfer_digest_once unique (company_id, digest, occurrence),
    constraint bank_transfer_matched check ((state = 'MATCHED') = (payment_id is not null)),
    constraint bank_transfer_ignored check ((state = 'IGNORED') = (ignored_because is not null))
);
create index bank_transfer_by_date on bank_transfer (company_id, booked_date, id);
create index bank_transfer_in_review on bank_transfer (company_id, id) where state = 'REVIEW';
comment on table bank_transfer is 'Money that a bank says has come, and which payment it became.';
comment on column bank_transfer.occurrence is 'Which of several lines of a statement that say the same: so that a file read twice adds nothing.';
call protect_tenant_table('bank_transfer', 'select, insert, update');
revoke delete on bank_transfer from wattledger_system;
call record_changes('bank_transfer', 'BankTransfer', secrets => '{text}', ignored => '{digest}');
"""

DOWN = """
drop table bank_transfer;
delete from job where kind not in ('IMPORT', 'EXPORT');
alter table job drop constraint job_kind, add constraint job_kind check (kind in ('IMPORT', 'EXPORT'));
drop table allocation, payment, invoicing_run, overdue_notice, holiday, einvoice, invoice_document;
drop table invoice_tax, invoice_line, invoice;
drop function refuse_invoice_change;
drop table invoice_counter;
revoke update (invoice_number_format, invoice_series, purchase_series, credit_note_series, invoice_due_days,
    invoice_after_days, einvoices_since, notice_working_days) on company from wattledger_app;
alter table company drop invoice_number_format, drop invoice_series, drop purchase_series, drop credit_note_series,
    drop invoice_due_days, drop invoice_after_days, drop einvoices_since,
    drop notice_working_days;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0023_indicators")]
    operations = [RunSQL(UP, DOWN)]
