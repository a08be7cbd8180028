"""Whose register had the peak of a month, and lines of invoices that tell it."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
alter table month_verdict add peaks_told_by jsonb not null default '{}';
comment on column month_verdict.peaks_told_by is 'Of each peak that is known: the meter, its multiplier, what its register showed, and the reading that told it first. Not kept of older months.';

alter table invoice_line
    add constraint invoice_line_metered check (num_nulls(meter_id, meter_serial, multiplier, last_index_wh, last_at, energy_wh) in (0, 6)
        and num_nulls(first_index_wh, first_at) in (0, 2)
        and (first_at is null) = (meter_id is null or unit is not distinct from 'KW'));
comment on column invoice_line.first_index_wh is 'Before the multiplier; varh on lines of reactive energy. Null on lines of demand: a maximum begins nowhere.';
comment on column invoice_line.last_index_wh is 'Before the multiplier; varh on lines of reactive energy, the maximum in W on lines of demand.';
comment on column invoice_line.energy_wh is 'Between the indexes, at the consumer''s side of the multiplier; varh on lines of reactive energy, the maximum in W on lines of demand.';
"""

DOWN = """
do $$
begin
    if exists (select from invoice_line where meter_id is not null and first_at is null) then
        raise exception 'invoices say more than the release before can show';
    end if;
end $$;
comment on column invoice_line.energy_wh is 'Between the indexes, at the consumer''s side of the multiplier.';
comment on column invoice_line.last_index_wh is null;
comment on column invoice_line.first_index_wh is null;
alter table invoice_line drop constraint invoice_line_metered;
alter table month_verdict drop peaks_told_by;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0045_credit_allocations")]
    operations = [RunSQL(UP, DOWN)]
