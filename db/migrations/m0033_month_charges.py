"""What falls due when a month has ended: peaks of demand, and reactive energy."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
alter table metering_point
    add installed_kva numeric(12, 3) constraint metering_point_installed_kva check (installed_kva > 0),
    add connection_kw numeric(12, 3) constraint metering_point_connection_kw check (connection_kw > 0),
    add phases int2 constraint metering_point_phases check (phases in (1, 3));
comment on column metering_point.installed_kva is 'Installed power; null while nobody knows.';
comment on column metering_point.connection_kw is 'The power that the connection was agreed for; null while nobody knows.';

create table compensation_fault (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    point_id int8 not null,
    month date not null constraint compensation_fault_month check (extract(day from month) = 1),
    reason text not null constraint compensation_fault_reason check (char_length(reason) between 1 and 500),
    recorded_at timestamptz not null,
    revoked_at timestamptz,
    revoked_because text constraint compensation_fault_revoked_because check (char_length(revoked_because) between 1 and 500),
    primary key (company_id, id),
    foreign key (company_id, point_id) references metering_point,
    constraint compensation_fault_revoked check ((revoked_at is null) = (revoked_because is null))
);
create unique index compensation_fault_month_once on compensation_fault (company_id, point_id, month) where revoked_at is null;
comment on table compensation_fault is 'That reactive energy of a month came from a fault of its compensation, as somebody recorded.';
call protect_tenant_table('compensation_fault', 'select, insert, update');
revoke delete on compensation_fault from wattledger_system;
call record_changes('compensation_fault', 'CompensationFault');

create table month_run (
    company_id int4 not null references company,
    month date not null constraint month_run_month check (extract(day from month) = 1),
    from_at timestamptz not null,
    until_at timestamptz not null,
    after_account_id int8 not null default 0,
    posted int4 not null default 0,
    failed int4 not null default 0,
    failures int4 not null default 0 constraint month_run_failures check (failures >= 0),
    begun_at timestamptz not null,
    due_at timestamptz not null,
    ended_at timestamptz,
    primary key (company_id, month)
) with (fillfactor = 50);
create index month_run_open on month_run (due_at, company_id, month) where ended_at is null;
create index month_run_by_end on month_run (until_at);
comment on table month_run is 'How far the charges of a month are: all accounts up to after_account_id have been looked at.';
comment on column month_run.due_at is 'When it goes on at the earliest; who has been due for longest goes first.';
comment on column month_run.failures is 'How often in a row none of its next accounts could be looked at.';
call protect_tenant_table('month_run', 'select');
revoke delete on month_run from wattledger_system;

create table month_due (
    company_id int4 not null,
    account_id int8 not null,
    month date not null,
    due_at timestamptz not null,
    primary key (company_id, account_id, month),
    foreign key (company_id, account_id) references account
) with (autovacuum_vacuum_scale_factor = 0.02);
create index month_due_by_time on month_due (due_at);
comment on table month_due is 'A queue of accounts whose charges of a month are to be looked at again.';
call protect_tenant_table('month_due', 'select, insert, update');

create table month_verdict (
    company_id int4 not null,
    account_id int8 not null,
    point_id int8 not null,
    month date not null constraint month_verdict_month check (extract(day from month) = 1),
    tariff_id int8 not null,
    version_from timestamptz not null,
    category text,
    installed_kva numeric(12, 3),
    connection_kw numeric(12, 3),
    phases int2,
    active_wh int8,
    inductive_varh int8,
    capacitive_varh int8,
    peaks_w jsonb not null,
    compensation_fault bool not null,
    not_judged text,
    inductive_limit numeric(9, 6),
    capacitive_limit numeric(9, 6),
    inductive_over bool not null,
    capacitive_over bool not null,
    charged_varh int8 not null constraint month_verdict_charged check (charged_varh >= 0),
    waived bool not null,
    recalled_by date,
    judged_at timestamptz not null,
    primary key (company_id, account_id, point_id, month),
    foreign key (company_id, account_id) references account,
    foreign key (company_id, point_id) references metering_point,
    constraint month_verdict_energies check (num_nulls(active_wh, inductive_varh, capacitive_varh) in (0, 3)),
    constraint month_verdict_not_judged check (not_judged is null or charged_varh = 0)
) with (fillfactor = 70);
create index month_verdict_of_point on month_verdict (company_id, point_id, month);
comment on table month_verdict is 'What is due of a month at a metering point, as it is known by now; what was charged stays in month_charge.';
comment on column month_verdict.peaks_w is 'The month''s highest demand by register, after the multiplier; null where it is not known.';
comment on column month_verdict.not_judged is 'Why nothing is charged for reactive energy, whatever it was.';
comment on column month_verdict.recalled_by is 'The month whose violation ended a waiver of this one.';
call protect_tenant_table('month_verdict', 'select');

create table month_charge (
    company_id int4 not null,
    account_id int8 not null,
    month date not null constraint month_charge_month check (extract(day from month) = 1),
    revision int4 not null constraint month_charge_revision check (revision > 0),
    journal_id int8 not null,
    amount_micro int8 not null,
    charged_at timestamptz not null,
    primary key (company_id, account_id, month, revision),
    foreign key (company_id, account_id) references account,
    foreign key (company_id, journal_id) references journal,
    constraint month_charge_journal_once unique (company_id, journal_id)
);
comment on table month_charge is 'What a month was charged as a whole: each revision is the difference to those before. Immutable.';
comment on column month_charge.amount_micro is 'With taxes.';
create trigger month_charge_immutable before update or delete on month_charge for each row execute function refuse_change();
create trigger month_charge_stays before truncate on month_charge execute function refuse_change();
call protect_tenant_table('month_charge', 'select');
revoke update, delete on month_charge from wattledger_system;

create table month_charge_line (
    company_id int4 not null,
    account_id int8 not null,
    month date not null,
    revision int4 not null,
    line int2 not null constraint month_charge_line_place check (line > 0),
    point_id int8 not null,
    component text not null,
    kind text not null constraint month_charge_line_kind check (kind in ('DEMAND', 'REACTIVE')),
    quantity numeric(24, 7) not null,
    unit text not null constraint month_charge_line_unit check (unit in ('KVARH', 'KW')),
    price numeric(18, 9) not null,
    amount_micro int8 not null,
    primary key (company_id, account_id, month, revision, line),
    foreign key (company_id, account_id, month, revision) references month_charge,
    foreign key (company_id, point_id) references metering_point
);
comment on table month_charge_line is 'How much of a component a revision charges more, or less, before taxes. Immutable.';
create trigger month_charge_line_immutable before update or delete on month_charge_line for each row execute function refuse_change();
create trigger month_charge_line_stays before truncate on month_charge_line execute function refuse_change();
call protect_tenant_table('month_charge_line', 'select');
revoke update, delete on month_charge_line from wattledger_system;

create table month_charge_tax (
    company_id int4 not null,
    account_id int8 not null,
    month date not null,
    revision int4 not null,
    line int2 not null,
    place int2 not null constraint month_charge_tax_place check (place > 0),
    side text not null constraint month_charge_tax_side check (side in ('TAX', 'TAX_IN_ADVANCE')),
    name text not null,
    rate numeric(12, 9) not null,
    base_micro int8 not null,
    amount_micro int8 not null,
    primary key (company_id, account_id, month, revision, line, place),
    foreign key (company_id, account_id, month, revision, line) references month_charge_line
);
comment on table month_charge_tax is 'A tax on a line of a revision, in the order in which they apply. Immutable.';
create trigger month_charge_tax_immutable before update or delete on month_charge_tax for each row execute function refuse_change();
create trigger month_charge_tax_stays before truncate on month_charge_tax execute function refuse_change();
call protect_tenant_table('month_charge_tax', 'select');
revoke update, delete on month_charge_tax from wattledger_system;

create index tariff_version_by_month on tariff_version (company_id) where state = 'ACTIVE'
    and definition @? '$.components[*] ? ((@.kind == "DEMAND" || @.kind == "REACTIVE") && exists (@.shape.flat))';

alter table invoice_line
    drop constraint invoice_line_kind,
    add constraint invoice_line_kind check (kind in ('ENERGY', 'FIXED', 'DEDUCTION', 'DEMAND', 'REACTIVE', 'SETTLEMENT', 'CREDIT')),
    drop constraint invoice_line_of_energy,
    add constraint invoice_line_of_energy check (kind in ('DEMAND', 'REACTIVE', 'SETTLEMENT', 'CREDIT') or num_nulls(energy_month, meter_id,
        meter_serial, multiplier, first_index_wh, first_at, last_index_wh, last_at, energy_wh) = 0);
"""

DOWN = """
do $$
begin
    if exists (select from invoice_line where kind in ('DEMAND', 'REACTIVE')) then
        raise exception 'invoices say more than the release before can show';
    end if;
end $$;
alter table invoice_line
    drop constraint invoice_line_kind,
    add constraint invoice_line_kind check (kind in ('ENERGY', 'FIXED', 'DEDUCTION', 'SETTLEMENT', 'CREDIT')),
    drop constraint invoice_line_of_energy,
    add constraint invoice_line_of_energy check (kind in ('SETTLEMENT', 'CREDIT') or num_nulls(energy_month, meter_id,
        meter_serial, multiplier, first_index_wh, first_at, last_index_wh, last_at, energy_wh) = 0);
drop index tariff_version_by_month;
-- What was posted meanwhile stays: the books are never changed.
drop table month_charge_tax, month_charge_line, month_charge, month_verdict, month_due, month_run, compensation_fault;
alter table metering_point drop installed_kva, drop connection_kw, drop phases;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0032_ends")]
    operations = [RunSQL(UP, DOWN)]
