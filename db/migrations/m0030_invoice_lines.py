"""Lines of invoices by component and price, their taxes in order, and what bought credit lacks.

And daily entries of statements that change very many rows at once.
"""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

from db.migrations.m0007_audit import UP as AUDIT

# As it was before, for the way down.
RECORD_BEFORE = AUDIT[AUDIT.index("create function record_daily_entries") : AUDIT.index("-- key: ")]

UP = """
-- Rows before and after are put together by equality where a key is never null: only so can many be
-- put together by hashing, where comparing each with each takes hours. And all that a statement
-- changed is written at once.
create or replace function record_daily_entries() returns trigger
language plpgsql security definer set search_path = public as $$
declare
    actor jsonb := coalesce(nullif(current_setting('app.actor', true), ''), '{"kind": "SYSTEM"}');
    keys text[] := tg_argv[1];
    secrets text[] := tg_argv[2];
    ignored text[] := tg_argv[3];
    changes text := case tg_op
        when 'INSERT' then 'select null::jsonb as o, to_jsonb(r) as n from new_rows r'
        when 'DELETE' then 'select to_jsonb(r) as o, null::jsonb as n from old_rows r'
        else format('select to_jsonb(b) as o, to_jsonb(a) as n from old_rows b join new_rows a on %s', (
            select string_agg(format(
                case when c.attnotnull then 'a.%1$I = b.%1$I' else 'a.%1$I is not distinct from b.%1$I' end,
                k.name), ' and ')
            from unnest(keys) k (name)
            join pg_attribute c on c.attrelid = tg_relid and c.attname = k.name))
        end;
begin
    execute format($entries$
        insert into daily_entry (company_id, kind, object_type, object_id, actor_kind, user_id, key_id,
            actor_name, role, address, request_id, before, after)
        select
            case when $1 = 'company' then (facts.whole->>'id')::int
                else coalesce((facts.whole->>'company_id')::int, nullif(current_setting('app.company', true), '')::int, 0) end,
            case $2 when 'INSERT' then 'ADDED' when 'UPDATE' then 'UPDATED' else 'DELETED' end,
            $3, (facts.whole->>$4)::int8,
            $5->>'kind', ($5->>'user_id')::int8, ($5->>'key_id')::int8, $5->>'name',
            $5->>'role', $5->>'address', $5->>'request_id',
            shown_in_entry(change.o, $6, facts.hidden), shown_in_entry(change.n, $6, facts.hidden)
        from (%s) change
        cross join lateral (
            select coalesce(change.n, change.o) as whole,
                case when $2 = 'UPDATE' then $7 || array(
                    select key from jsonb_each(change.o) where value is not distinct from change.n->key)
                else $7 end as hidden
        ) facts
        where $2 <> 'UPDATE' or shown_in_entry(change.o, '{}', $7) <> shown_in_entry(change.n, '{}', $7)
    $entries$, changes)
    using tg_table_name, tg_op, tg_argv[0], keys[array_upper(keys, 1)], actor, secrets, ignored;
    return null;
end $$;

alter table invoice_line
    add component text,
    add rate text not null default '',
    add quantity numeric(24, 7),
    add unit text constraint invoice_line_unit check (unit in ('KWH', 'KVARH', 'KW', 'DAY'));
alter table invoice_line rename price_per_kwh to price;
alter table invoice_line alter rate drop default;
alter table invoice_line disable trigger invoice_line_immutable;
update invoice_line set quantity = energy_wh / 1000, unit = 'KWH' where price is not null;
alter table invoice_line enable trigger invoice_line_immutable;
alter table invoice_line
    add constraint invoice_line_priced check (num_nulls(quantity, unit, price) in (0, 3)),
    drop constraint invoice_line_kind,
    add constraint invoice_line_kind check (kind in ('ENERGY', 'FIXED', 'DEDUCTION', 'SETTLEMENT', 'CREDIT')),
    drop constraint invoice_line_of_energy,
    add constraint invoice_line_of_energy check (kind in ('SETTLEMENT', 'CREDIT') or num_nulls(energy_month, meter_id,
        meter_serial, multiplier, first_index_wh, first_at, last_index_wh, last_at, energy_wh) = 0);
comment on column invoice_line.component is 'Of the tariff; null where that is one flat price.';
comment on column invoice_line.rate is 'The band''s name, the slab''s number from 1 on, or empty.';
comment on column invoice_line.quantity is 'In the unit, after the multiplier; below zero where it is deducted.';
comment on column invoice_line.price is 'Of one, before taxes.';
comment on column invoice_line.energy_wh is 'Between the indexes, at the consumer''s side of the multiplier.';
comment on column invoice_line.is_estimated is 'Whether no reading tells where the line begins, ends, or is split.';

alter table invoice_tax add place int2;
alter table invoice_tax disable trigger invoice_tax_immutable;
update invoice_tax t set place = o.place
    from (select company_id, invoice_id, name, row_number() over (partition by company_id, invoice_id order by name) as place
        from invoice_tax) o
    where (t.company_id, t.invoice_id, t.name) = (o.company_id, o.invoice_id, o.name);
alter table invoice_tax enable trigger invoice_tax_immutable;
alter table invoice_tax
    drop constraint invoice_tax_pkey,
    add primary key (company_id, invoice_id, place),
    add constraint invoice_tax_place check (place > 0);
comment on column invoice_tax.place is 'From 1 on, in the order in which they apply; one whose rate changed has a row for each.';

create table purchase_due (
    company_id int4 not null,
    journal_id int8 not null,
    due_at timestamptz not null,
    primary key (company_id, journal_id),
    foreign key (company_id, journal_id) references journal
) with (autovacuum_vacuum_scale_factor = 0.02);
create index purchase_due_by_time on purchase_due (due_at);
comment on table purchase_due is 'A queue of bought credit, by its transaction, whose invoice or credit notes may be missing.';
call protect_tenant_table('purchase_due', 'select, insert');
insert into purchase_due select company_id, id, now() from journal where kind in ('TOP_UP', 'CASH_TOP_UP');

create table purchase_correction (
    company_id int4 not null,
    invoice_id int8 not null,
    refund_id int8,
    dispute_id int8,
    amount_micro int8 not null constraint purchase_correction_amount check (amount_micro <> 0),
    primary key (company_id, invoice_id),
    foreign key (company_id, invoice_id) references invoice,
    foreign key (company_id, refund_id) references top_up_refund,
    foreign key (company_id, dispute_id) references top_up_dispute,
    constraint purchase_correction_of_one check (num_nonnulls(refund_id, dispute_id) = 1)
);
create index purchase_correction_of_refund on purchase_correction (company_id, refund_id) where refund_id is not null;
create index purchase_correction_of_dispute on purchase_correction (company_id, dispute_id) where dispute_id is not null;
comment on table purchase_correction is 'Which refund or dispute of a top-up a credit note answers, or an invoice where that came to nothing.';
comment on column purchase_correction.amount_micro is 'Above zero for what a credit note gives back, below for what an invoice charges again.';
call protect_tenant_table('purchase_correction', 'select, insert');
revoke update, delete on purchase_correction from wattledger_system;
alter table message drop constraint message_kind, add constraint message_kind check (kind ~ '^[A-Z][A-Z_]{1,39}$');
-- What a message proved, it takes back when it bounces after all.
drop trigger overdue_notice_proof on overdue_notice;
create trigger overdue_notice_proof before update on overdue_notice for each row
    when (old.delivered_at is not null and (old.delivered_at, old.delivery_method, old.delivery_evidence)
        is distinct from (new.delivered_at, new.delivery_method, new.delivery_evidence)
        and not (old.delivery_evidence is null and num_nulls(new.delivered_at, new.delivery_method, new.delivery_evidence) = 3))
    execute function refuse_change();
create unique index overdue_notice_of_message on overdue_notice (company_id, message_id) where message_id is not null;
comment on column overdue_notice.message_id is 'The message that it went with; when that is proven to have arrived, so is the notice.';
create index top_up_of_journal on top_up (company_id, journal_id) where journal_id is not null;
"""

DOWN = f"""
{RECORD_BEFORE.replace("create function", "create or replace function", 1)}
do $$
begin
    if exists (select from invoice_line where component is not null or kind in ('FIXED', 'DEDUCTION'))
        or exists (select from invoice_tax group by company_id, invoice_id, name having count(*) > 1) then
        raise exception 'invoices say more than the release before can show';
    end if;
end $$;
comment on column overdue_notice.message_id is 'The message that it went with, once there are any.';
drop index overdue_notice_of_message;
drop trigger overdue_notice_proof on overdue_notice;
create trigger overdue_notice_proof before update on overdue_notice for each row
    when (old.delivered_at is not null and (old.delivered_at, old.delivery_method, old.delivery_evidence)
        is distinct from (new.delivered_at, new.delivery_method, new.delivery_evidence))
    execute function refuse_change();
delete from message where kind = 'OVERDUE_NOTICE';
alter table message drop constraint message_kind, add constraint message_kind check (kind in ('INVITATION', 'PASSWORD_RESET',
    'PASSWORD_CHANGED', 'LOW_CREDIT', 'TOP_UP_RECEIPT', 'CUT_OFF', 'RECONNECTION', 'INVOICE', 'SYSTEM_REPORT', 'FAULT_NOTICE'));
drop index top_up_of_journal;
drop table purchase_correction, purchase_due;
alter table invoice_tax drop constraint invoice_tax_pkey, drop column place, add primary key (company_id, invoice_id, name);
comment on column invoice_line.is_estimated is 'Whether no reading stood where the line begins or ends.';
comment on column invoice_line.energy_wh is 'At the consumer''s side of the multiplier.';
alter table invoice_line rename price to price_per_kwh;
comment on column invoice_line.price_per_kwh is 'Null where a tariff has components, and so no one price.';
alter table invoice_line
    drop column component, drop column rate, drop column quantity, drop column unit,
    drop constraint invoice_line_kind,
    add constraint invoice_line_kind check (kind in ('ENERGY', 'SETTLEMENT', 'CREDIT')),
    drop constraint invoice_line_of_energy,
    add constraint invoice_line_of_energy check (kind <> 'ENERGY' or num_nulls(energy_month, meter_id, meter_serial,
        multiplier, first_index_wh, first_at, last_index_wh, last_at, energy_wh) = 0);
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0029_reviewed")]
    operations = [RunSQL(UP, DOWN)]
