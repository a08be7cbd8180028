"""Runs of invoices that make room for others, notices that start by themselves, what becomes of
payments beside invoices, taxes of lines, and words of people that are forgotten."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
alter table invoicing_run
    add due_at timestamptz not null default '-infinity',
    add failures int4 not null default 0 constraint invoicing_run_failures check (failures >= 0);
comment on column invoicing_run.due_at is 'When it goes on at the earliest; who has been due for longest goes first.';
comment on column invoicing_run.failures is 'How often in a row none of its next accounts could be looked at.';
drop index invoicing_run_open;
create index invoicing_run_open on invoicing_run (due_at, company_id, month) where ended_at is null;
create index invoicing_run_failed on invoicing_run (begun_at) where failed > 0;

alter table company add notice_after_days int4 constraint company_notice_after_days check (notice_after_days between 0 and 365);
comment on column company.notice_after_days is 'How many days after the day on which an invoice is due its first notice goes out; null: only when somebody asks.';
grant update (notice_after_days) on company to wattledger_app;
create index invoice_by_due_date on invoice (company_id, due_date, id) where kind = 'MONTHLY' and total_micro > paid_micro + credited_micro;

alter table allocation
    alter invoice_id drop not null,
    add journal_id int8,
    add foreign key (company_id, journal_id) references journal,
    add constraint allocation_of_one check (num_nonnulls(invoice_id, journal_id) = 1);
create index allocation_of_journal on allocation (company_id, journal_id) where journal_id is not null;
comment on table allocation is 'How much of a payment pays an invoice, or went elsewhere; until it is released.';
comment on column allocation.journal_id is 'What took it in the books: it bought credit, or its account was settled.';
alter table payment add debt_share_micro int8 not null default 0 constraint payment_debt_share check (debt_share_micro >= 0);
comment on column payment.debt_share_micro is 'What of it was the share that goes to debt.';
create index payment_of_journal on payment (company_id, journal_id);

create table invoice_line_tax (
    company_id int4 not null,
    invoice_id int8 not null,
    line int2 not null,
    place int2 not null constraint invoice_line_tax_place check (place > 0),
    name text not null constraint invoice_line_tax_name check (name <> ''),
    rate numeric(9, 6),
    base_micro int8 not null,
    amount_micro int8 not null,
    primary key (company_id, invoice_id, line, place),
    foreign key (company_id, invoice_id, line) references invoice_line
);
comment on table invoice_line_tax is 'Which taxes a line of an invoice bears; in invoice_tax they stand together. Immutable.';
create trigger invoice_line_tax_immutable before update or delete on invoice_line_tax for each row execute function refuse_change();
create trigger invoice_line_tax_stays before truncate on invoice_line_tax execute function refuse_change();
call protect_tenant_table('invoice_line_tax', 'select, insert');
revoke update, delete on invoice_line_tax from wattledger_system;

-- Words of people go with them, and from daily entries nothing goes: those never have them.
alter table company add transfer_text_retention_days int4 not null default 365 constraint company_transfer_text_retention_days check (transfer_text_retention_days between 30 and 3650);
grant update (transfer_text_retention_days) on company to wattledger_app;
alter table bank_transfer add decided_at timestamptz;
comment on column bank_transfer.text is 'What the payer wrote; empty once that is forgotten.';
comment on column bank_transfer.decided_at is 'Since when it is known whose money it is, or that it pays nothing here.';
grant update (decided_at) on bank_transfer to wattledger_app;
create index bank_transfer_with_text on bank_transfer (company_id, coalesce(decided_at, imported_at)) where state <> 'REVIEW' and text <> '';
drop trigger record_added on payment;
drop trigger record_updated on payment;
drop trigger record_deleted on payment;
call record_changes('payment', 'Payment', secrets => '{reference}', ignored => '{request_hash}');
drop trigger record_added on overdue_notice;
drop trigger record_updated on overdue_notice;
drop trigger record_deleted on overdue_notice;
call record_changes('overdue_notice', 'OverdueNotice', secrets => '{delivery_evidence}');
drop trigger overdue_notice_proof on overdue_notice;
create trigger overdue_notice_proof before update on overdue_notice for each row
    when (old.delivered_at is not null and (old.delivered_at, old.delivery_method, old.delivery_evidence)
        is distinct from (new.delivered_at, new.delivery_method, new.delivery_evidence)
        and not (old.delivery_evidence is null and num_nulls(new.delivered_at, new.delivery_method, new.delivery_evidence) = 3)
        and not ((old.delivered_at, old.delivery_method) is not distinct from (new.delivered_at, new.delivery_method)
            and old.delivery_evidence is not null and new.delivery_evidence is not distinct from 'ERASED'))
    execute function refuse_change();
comment on column overdue_notice.delivery_evidence is 'What proves it; ERASED once the person is forgotten whose notice it was.';
"""

DOWN = """
comment on column overdue_notice.delivery_evidence is null;
drop trigger overdue_notice_proof on overdue_notice;
create trigger overdue_notice_proof before update on overdue_notice for each row
    when (old.delivered_at is not null and (old.delivered_at, old.delivery_method, old.delivery_evidence)
        is distinct from (new.delivered_at, new.delivery_method, new.delivery_evidence)
        and not (old.delivery_evidence is null and num_nulls(new.delivered_at, new.delivery_method, new.delivery_evidence) = 3))
    execute function refuse_change();
drop trigger record_added on overdue_notice;
drop trigger record_updated on overdue_notice;
drop trigger record_deleted on overdue_notice;
call record_changes('overdue_notice', 'OverdueNotice');
drop trigger record_added on payment;
drop trigger record_updated on payment;
drop trigger record_deleted on payment;
call record_changes('payment', 'Payment', ignored => '{request_hash}');
drop index bank_transfer_with_text;
comment on column bank_transfer.text is null;
alter table bank_transfer drop column decided_at;
revoke update (transfer_text_retention_days) on company from wattledger_app;
alter table company drop column transfer_text_retention_days;
drop table invoice_line_tax;
drop index payment_of_journal;
alter table payment drop column debt_share_micro;
do $$
begin
    if exists (select from allocation where journal_id is not null) then
        raise exception 'payments say more than the release before can show';
    end if;
end $$;
comment on table allocation is 'How much of a payment pays an invoice; until it is released.';
alter table allocation drop constraint allocation_of_one, drop column journal_id, alter invoice_id set not null;
drop index invoice_by_due_date;
revoke update (notice_after_days) on company from wattledger_app;
alter table company drop column notice_after_days;
drop index invoicing_run_failed, invoicing_run_open;
create index invoicing_run_open on invoicing_run (company_id, month) where ended_at is null;
alter table invoicing_run drop column failures, drop column due_at;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0031_contact_entries")]
    operations = [RunSQL(UP, DOWN)]
