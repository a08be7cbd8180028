"""Which credit of accounts pays which of their invoices; documents of purchases are of the rest."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

# What no document of a purchase tells paid invoices of months, the oldest due first, or waits for
# them; what of these nothing bought paid was not bought.
ALLOCATE = """
with bought as (
    select j.company_id, j.id, max(e.account_id) as account_id,
        (sum(e.amount) * 1000000)::int8 as paid_micro,
        (coalesce(sum(e.amount) filter (where l.kind <> 'DEBT'), 0) * 1000000)::int8 as credited_micro
    from journal j
    join entry e on (e.company_id, e.journal_id) = (j.company_id, j.id)
    join ledger_account l on (l.company_id, l.id) = (e.company_id, e.ledger_account_id)
    where j.kind in ('TOP_UP', 'CASH_TOP_UP', 'BANK_TOP_UP', 'CARD_TOP_UP')
        and l.kind in ('CREDIT', 'DEBT', 'EMERGENCY_CREDIT')
        and not exists (select from journal r
            where r.company_id = j.company_id and r.corrects = j.id and r.kind = 'REVERSAL')
    group by 1, 2
), known as (
    select b.*, o.amount_micro as offset_micro, i.told_micro, i.told_micro is null and exists (
            select from purchase_due d where (d.company_id, d.journal_id) = (b.company_id, b.id)) as is_new,
        coalesce((select sum(r.booked_micro) from top_up t
            join top_up_refund r on r.company_id = t.company_id and r.top_up_id = t.id
            where (t.company_id, t.journal_id) = (b.company_id, b.id)), 0)
        + coalesce((select sum(r.booked_held_micro) from top_up t
            join top_up_dispute r on r.company_id = t.company_id and r.top_up_id = t.id
            where (t.company_id, t.journal_id) = (b.company_id, b.id)), 0) as taken_micro
    from bought b
    left join purchase_offset o on (o.company_id, o.journal_id) = (b.company_id, b.id)
    left join lateral (
        select sum(i.total_micro - i.credited_micro) as told_micro from (
            select id from invoice
            where company_id = b.company_id and journal_id = b.id and kind = 'PURCHASE'
            union
            select c.invoice_id from top_up t
            join top_up_refund r on r.company_id = t.company_id and r.top_up_id = t.id
            join purchase_correction c on c.company_id = r.company_id and c.refund_id = r.id
            where (t.company_id, t.journal_id) = (b.company_id, b.id)
            union
            select c.invoice_id from top_up t
            join top_up_dispute d on d.company_id = t.company_id and d.top_up_id = t.id
            join purchase_correction c on c.company_id = d.company_id and c.dispute_id = d.id
            where (t.company_id, t.journal_id) = (b.company_id, b.id)
        ) of join invoice i on i.company_id = b.company_id and i.id = of.id and i.kind = 'PURCHASE'
    ) i on true
), untold as (
    select company_id, account_id, id as source, least(credited_micro - taken_micro,
        case when is_new then coalesce(offset_micro, 0) else paid_micro - taken_micro - coalesce(told_micro, 0) end
        )::int8 as amount_micro
    from known
), own as (
    select i.company_id, i.account_id, i.id as use, i.due_date, i.paid_micro - coalesce((
            select sum(a.amount_micro) from allocation a
            where (a.company_id, a.invoice_id) = (i.company_id, i.id) and a.released_at is null), 0)::int8 as amount_micro
    from invoice i where i.kind = 'MONTHLY'
), sources as (
    select *, sum(amount_micro) over (partition by company_id, account_id order by source) as until
    from untold where amount_micro > 0
), uses as (
    select *, sum(amount_micro) over (partition by company_id, account_id order by due_date, use) as until
    from own where amount_micro > 0
), shares as (
    select company_id, account_id, s.source, u.use,
        least(s.until, u.until) - greatest(s.until - s.amount_micro, u.until - u.amount_micro) as amount_micro
    from sources s join uses u using (company_id, account_id)
    where least(s.until, u.until) > greatest(s.until - s.amount_micro, u.until - u.amount_micro)
)
insert into credit_allocation (company_id, account_id, journal_id, invoice_id, taken_by, amount_micro, made_at)
select company_id, account_id, source, use, null::int8, amount_micro, now() from shares
union all
-- Refunds and disputes of what no document told.
select company_id, account_id, id, null, id, least(taken_micro, paid_micro), now() from known
where told_micro is null and not is_new and taken_micro > 0
union all
select company_id, account_id, source, null, null, s.amount_micro - coalesce((select sum(x.amount_micro) from shares x
        where (x.company_id, x.source) = (s.company_id, s.source)), 0), now()
from sources s where s.amount_micro > coalesce((select sum(x.amount_micro) from shares x
        where (x.company_id, x.source) = (s.company_id, s.source)), 0)
union all
select company_id, account_id, null, use, null, u.amount_micro - coalesce((select sum(x.amount_micro) from shares x
        where (x.company_id, x.use) = (u.company_id, u.use)), 0), now()
from uses u where u.amount_micro > coalesce((select sum(x.amount_micro) from shares x
        where (x.company_id, x.use) = (u.company_id, u.use)), 0);
"""
UP = f"""
create table credit_allocation (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    account_id int8 not null,
    journal_id int8,
    invoice_id int8,
    taken_by int8,
    amount_micro int8 not null constraint credit_allocation_amount check (amount_micro <> 0),
    made_at timestamptz not null,
    primary key (company_id, id),
    foreign key (company_id, account_id) references account,
    foreign key (company_id, journal_id) references journal,
    foreign key (company_id, invoice_id) references invoice,
    foreign key (company_id, taken_by) references journal (company_id, id),
    constraint credit_allocation_of_something check (num_nonnulls(journal_id, invoice_id, taken_by) > 0),
    constraint credit_allocation_one_use check (num_nonnulls(invoice_id, taken_by) < 2)
);
create index credit_allocation_of_account on credit_allocation (company_id, account_id);
create index credit_allocation_of_journal on credit_allocation (company_id, journal_id) where journal_id is not null;
comment on table credit_allocation is 'Which credit of an account pays which of its invoices, or was paid out: the sum of each is what does now. Immutable.';
comment on column credit_allocation.journal_id is 'What bought the credit; null for what was not bought.';
comment on column credit_allocation.invoice_id is 'An invoice of a month; with no use at all, what waits for one that is not written yet.';
comment on column credit_allocation.taken_by is 'The settlement that paid it out; the purchase itself for what refunds and disputes took of what it paid.';
comment on column credit_allocation.amount_micro is 'Below zero for what is not paid by it any more.';
call protect_tenant_table('credit_allocation', 'select, insert');
revoke update, delete on credit_allocation from wattledger_system;
{ALLOCATE}
drop table purchase_offset;
-- What a purchase does not pay of invoices any more is invoiced as well.
drop index invoice_purchase_once;
create index invoice_of_purchase on invoice (company_id, journal_id) where kind = 'PURCHASE';
"""

DOWN = """
do $$
begin
    if exists (select from invoice where kind = 'PURCHASE' group by company_id, journal_id having count(*) > 1) then
        raise exception 'purchases have more invoices than the release before can tell';
    end if;
end $$;
drop index invoice_of_purchase;
create unique index invoice_purchase_once on invoice (company_id, journal_id) where kind = 'PURCHASE';
create table purchase_offset (
    company_id int4 not null,
    journal_id int8 not null,
    amount_micro int8 not null constraint purchase_offset_amount check (amount_micro > 0),
    account_id int8,
    kept_micro int8 not null default 0,
    primary key (company_id, journal_id),
    foreign key (company_id, journal_id) references journal,
    constraint purchase_offset_kept check (kept_micro between 0 and amount_micro and (kept_micro = 0 or account_id is not null))
);
comment on table purchase_offset is 'What of bought credit paid for use that invoices of months tell: its own invoice is of the rest, if there is any.';
comment on column purchase_offset.kept_micro is 'What of it no invoice told yet when it was bought: those that come are paid by it.';
create index purchase_offset_account on purchase_offset (company_id, account_id) where kept_micro > 0;
call protect_tenant_table('purchase_offset', 'select, insert');
revoke update, delete on purchase_offset from wattledger_system;
insert into purchase_offset (company_id, account_id, journal_id, amount_micro, kept_micro)
select company_id, account_id, journal_id, sum(amount_micro),
    greatest(0, coalesce(sum(amount_micro) filter (where invoice_id is null), 0))
from credit_allocation where journal_id is not null and taken_by is null
group by 1, 2, 3 having sum(amount_micro) > 0;
drop table credit_allocation;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0044_kept_offsets")]
    operations = [RunSQL(UP, DOWN)]
