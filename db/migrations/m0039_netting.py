"""Exported energy that makes up for imported energy, by the month, the day or the hour."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

from db.migrations.m0033_month_charges import UP as MONTH_CHARGES

# As it was before, for the way down.
BY_MONTH_BEFORE = MONTH_CHARGES[
    MONTH_CHARGES.index("create index tariff_version_by_month") : MONTH_CHARGES.index(
        "alter table invoice_line"
    )
]

UP = """
alter table month_verdict add netting jsonb;
comment on column month_verdict.netting is 'How much of the month is netted, with the lines that take it back, or why nothing is; null where the tariff nets nothing.';

alter table month_charge_line
    add rate text not null default '',
    drop constraint month_charge_line_kind,
    add constraint month_charge_line_kind check (kind in ('ENERGY', 'DISTRIBUTION', 'DEMAND', 'REACTIVE', 'FEE')),
    drop constraint month_charge_line_unit,
    add constraint month_charge_line_unit check (unit in ('KWH', 'KVARH', 'KW'));
comment on column month_charge_line.rate is 'The band''s name or the slab''s number, where the component has several.';

drop index tariff_version_by_month;
create index tariff_version_by_month on tariff_version (company_id) where state = 'ACTIVE'
    and definition @? '$ ? (exists (@.netting.period) || exists (@.components[*] ? ((@.kind == "DEMAND" || @.kind == "REACTIVE") && exists (@.shape.flat))))';

alter table invoice_line
    drop constraint invoice_line_kind,
    add constraint invoice_line_kind check (kind in ('ENERGY', 'FIXED', 'DEDUCTION', 'DEMAND', 'REACTIVE', 'NETTING', 'SETTLEMENT', 'CREDIT')),
    drop constraint invoice_line_of_energy,
    add constraint invoice_line_of_energy check (kind in ('DEMAND', 'REACTIVE', 'NETTING', 'SETTLEMENT', 'CREDIT') or num_nulls(energy_month, meter_id,
        meter_serial, multiplier, first_index_wh, first_at, last_index_wh, last_at, energy_wh) = 0);
"""

DOWN = f"""
do $$
begin
    if exists (select from month_charge_line where unit = 'KWH')
        or exists (select from tariff_version where definition @? '$.netting.period') then
        raise exception 'tariffs net what the release before cannot';
    end if;
end $$;
alter table invoice_line
    drop constraint invoice_line_kind,
    add constraint invoice_line_kind check (kind in ('ENERGY', 'FIXED', 'DEDUCTION', 'DEMAND', 'REACTIVE', 'SETTLEMENT', 'CREDIT')),
    drop constraint invoice_line_of_energy,
    add constraint invoice_line_of_energy check (kind in ('DEMAND', 'REACTIVE', 'SETTLEMENT', 'CREDIT') or num_nulls(energy_month, meter_id,
        meter_serial, multiplier, first_index_wh, first_at, last_index_wh, last_at, energy_wh) = 0);
drop index tariff_version_by_month;
{BY_MONTH_BEFORE}
alter table month_charge_line
    drop rate,
    drop constraint month_charge_line_kind,
    add constraint month_charge_line_kind check (kind in ('DEMAND', 'REACTIVE')),
    drop constraint month_charge_line_unit,
    add constraint month_charge_line_unit check (unit in ('KVARH', 'KW'));
alter table month_verdict drop netting;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0037_tariff_proposers")]
    operations = [RunSQL(UP, DOWN)]
