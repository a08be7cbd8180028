"""Through which points the energy of metering points came, and when."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table point_parent (
    company_id int4 not null,
    id int8 not null default nextval('id_sequence'),
    point_id int8 not null,
    parent_id int8 not null,
    starts_at timestamptz not null,
    ends_at timestamptz,
    primary key (company_id, id),
    foreign key (company_id, point_id) references metering_point,
    foreign key (company_id, parent_id) references metering_point,
    constraint point_parent_other check (parent_id <> point_id),
    constraint point_parent_period check (ends_at > starts_at),
    constraint point_parent_one_at_a_time exclude using gist (company_id with =, point_id with =, tstzrange(starts_at, ends_at) with &&)
);
create index point_parent_of_parent on point_parent (company_id, parent_id);
comment on table point_parent is 'Through which point the energy of a point came over a period: the account of the nearest one that charges does not pay for what another account pays for.';
call protect_tenant_table('point_parent', 'select, insert, update, delete');

-- What was charged before stays as it was. A meter that stands below another leaves the batch
-- statement at its next read, which finds out whether anything is to be deducted.
insert into point_parent (company_id, point_id, parent_id, starts_at)
    select p.company_id, p.id, p.parent_id, greatest(now(), (
        select max(s.billed_at) from billing_state s where s.company_id = p.company_id))
    from metering_point p where p.parent_id is not null;
update billing_state s set terms_until = s.billed_at
    from mounting m join point_parent c on c.company_id = m.company_id and c.point_id = m.point_id
    where (s.company_id, s.meter_id) = (m.company_id, m.meter_id) and m.ended_at is null
        and s.billed_at is not null;
call record_changes('point_parent', 'PointParent');

comment on column billing_state.terms_until is 'When other terms begin or end, as far as was known then; a tariff''s versions know their own ends. As far as it is charged, where each read has more to change than its own charge.';
"""

DOWN = """
comment on column billing_state.terms_until is 'When other terms begin or end, as far as was known then; a tariff''s versions know their own ends.';
drop table point_parent;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0024_invoices")]
    operations = [RunSQL(UP, DOWN)]
