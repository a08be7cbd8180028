"""Versions of tariffs with components, their approval, and for whom a tariff holds.

A version with one flat price on the total register and nothing else has it in `price_per_kwh`,
where the batch statement finds it. The `definition` is checked, written and read by the domain as a
whole; prices without one are a single component for energy.
"""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
alter table company add column second_person_for_tariffs bool not null default false;
comment on column company.second_person_for_tariffs is 'Whether prices take effect only when somebody else has approved them.';
grant update (second_person_for_tariffs) on company to wattledger_app;

drop trigger record_added on tariff_version;
drop trigger record_updated on tariff_version;
drop trigger record_deleted on tariff_version;
alter table tariff_version drop constraint tariff_version_pkey;
alter table tariff_version
    add column id int8 not null default nextval('id_sequence'),
    add column state text not null default 'ACTIVE' constraint tariff_version_state check (state in ('DRAFT', 'PROPOSED', 'ACTIVE', 'WITHDRAWN')),
    add column definition jsonb,
    add column proposed_by int8,
    add column proposed_at timestamptz,
    add column approved_by int8,
    add column approved_at timestamptz,
    alter column price_per_kwh drop not null,
    add primary key (company_id, id),
    add constraint tariff_version_priced check (num_nonnulls(price_per_kwh, definition) >= 1);
create unique index tariff_version_active on tariff_version (company_id, tariff_id, valid_from) where state = 'ACTIVE';
create index tariff_version_of_tariff on tariff_version (company_id, tariff_id, valid_from);
comment on table tariff_version is 'Prices from an instant on. Immutable but for its state, and its end, which the next version sets.';
comment on column tariff_version.price_per_kwh is 'The one flat price on the total register, where there is nothing else: the batch statement charges by it.';
comment on column tariff_version.definition is 'Components, taxes and limits, as the domain writes them; null for a flat price with nothing to say of it.';
call record_changes('tariff_version', 'TariffVersion');

create function refuse_change_of_prices() returns trigger language plpgsql as $$
declare
    may_change text[] := case old.state when 'ACTIVE' then '{valid_until}' else '{valid_until,state,approved_by,approved_at}' end;
begin
    if to_jsonb(old) - may_change <> to_jsonb(new) - may_change then
        raise exception 'tariff versions are immutable';
    end if;
    return new;
end $$;
create trigger tariff_version_immutable before update on tariff_version for each row execute function refuse_change_of_prices();

create table tariff_assignment (
    company_id int4 not null references company,
    id int8 not null default nextval('id_sequence'),
    tariff_id int8 not null,
    level text not null constraint tariff_assignment_level check (level in ('COMPANY', 'BRANCH', 'GROUP', 'ACCOUNT')),
    branch_id int8,
    account_id int8,
    group_name text constraint tariff_assignment_group check (group_name <> ''),
    billing_basis text not null default 'TOTAL_REGISTER' constraint tariff_assignment_basis check (billing_basis in ('TOTAL_REGISTER', 'TOU_REGISTERS', 'INTERVAL')),
    starts_at timestamptz not null,
    ends_at timestamptz,
    primary key (company_id, id),
    foreign key (company_id, tariff_id) references tariff,
    foreign key (company_id, branch_id) references branch,
    foreign key (company_id, account_id) references account,
    constraint tariff_assignment_period check (ends_at > starts_at),
    constraint tariff_assignment_whom check (
        (level = 'BRANCH') = (branch_id is not null) and (level = 'ACCOUNT') = (account_id is not null)
        and (level = 'GROUP') = (group_name is not null))
);
create index tariff_assignment_starting on tariff_assignment (starts_at);
create index tariff_assignment_ending on tariff_assignment (ends_at) where ends_at is not null;
create index tariff_assignment_of_account on tariff_assignment (company_id, account_id) where account_id is not null;
comment on table tariff_assignment is 'For whom a tariff holds over a period; the most specific one wins, and of equals the one that begins last.';
call protect_tenant_table('tariff_assignment', 'select, insert');
call record_changes('tariff_assignment', 'TariffAssignment');

create table tariff_assignment_member (
    company_id int4 not null,
    assignment_id int8 not null,
    account_id int8 not null,
    primary key (company_id, assignment_id, account_id),
    foreign key (company_id, assignment_id) references tariff_assignment,
    foreign key (company_id, account_id) references account
);
create index tariff_assignment_of_member on tariff_assignment_member (company_id, account_id);
comment on table tariff_assignment_member is 'The accounts of a group that a tariff was assigned to, as they were then.';
call protect_tenant_table('tariff_assignment_member', 'select, insert');
call record_changes('tariff_assignment_member', 'TariffAssignmentMember', '{company_id,account_id,assignment_id}');

alter table account alter column tariff_id drop not null;
comment on column account.tariff_id is 'The tariff agreed when it was opened; null where it takes what is assigned.';

create function account_tariffs(of_company int4, of_account int8)
returns table (tariff_id int8, billing_basis text, starts_at timestamptz, ends_at timestamptz)
language sql stable as $$
    with own as (
        select a.tariff_id, 'TOTAL_REGISTER' as billing_basis, 4 as rank,
            '-infinity'::timestamptz as starts_at, 'infinity'::timestamptz as ends_at, 0::int8 as id
        from account a
        where a.company_id = of_company and a.id = of_account and a.tariff_id is not null
        union all
        select s.tariff_id, s.billing_basis, array_position('{COMPANY,BRANCH,GROUP,ACCOUNT}'::text[], s.level),
            s.starts_at, coalesce(s.ends_at, 'infinity'), s.id
        from tariff_assignment s
        where s.company_id = of_company and case s.level
            when 'COMPANY' then true
            when 'ACCOUNT' then s.account_id = of_account
            when 'BRANCH' then exists (
                select from account a
                join premises p on p.company_id = a.company_id and p.id = a.premises_id
                join field f on f.company_id = p.company_id and f.id = p.field_id
                where a.company_id = of_company and a.id = of_account and f.branch_id = s.branch_id)
            else exists (
                select from tariff_assignment_member m where m.company_id = of_company
                    and m.assignment_id = s.id and m.account_id = of_account)
            end
    ), edges as (
        select own.starts_at as at from own union select own.ends_at from own
    ), chosen as (
        select e.at, best.tariff_id, best.billing_basis
        from edges e left join lateral (
            select * from own o where o.starts_at <= e.at and o.ends_at > e.at
            order by o.rank desc, o.starts_at desc, o.id desc limit 1) best on true
    ), changes as (
        select c.*, c.tariff_id is not distinct from lag(c.tariff_id) over by_time
            and c.billing_basis is not distinct from lag(c.billing_basis) over by_time as goes_on
        from chosen c window by_time as (order by c.at)
    ), periods as (
        select c.tariff_id, c.billing_basis, c.at, lead(c.at) over (order by c.at) as until
        from changes c where not c.goes_on
    )
    select p.tariff_id, p.billing_basis, p.at, nullif(p.until, 'infinity')
    from periods p where p.tariff_id is not null
$$;
comment on function account_tariffs is 'By which tariffs an account pays, one period after the other.';
"""

DOWN = """
drop function account_tariffs;
do $$
begin
    if exists (select from account where tariff_id is null) or exists (select from tariff_assignment)
        or exists (select from tariff_version where state = 'ACTIVE' and price_per_kwh is null) then
        raise exception 'accounts are charged in a way that the release before does not know';
    end if;
end $$;
alter table account alter column tariff_id set not null;
comment on column account.tariff_id is null;
drop table tariff_assignment_member, tariff_assignment;
drop trigger tariff_version_immutable on tariff_version;
drop function refuse_change_of_prices;
drop trigger record_added on tariff_version;
drop trigger record_updated on tariff_version;
drop trigger record_deleted on tariff_version;
drop index tariff_version_active, tariff_version_of_tariff;
delete from tariff_version where state <> 'ACTIVE';
alter table tariff_version drop constraint tariff_version_pkey;
alter table tariff_version
    drop column id, drop column state, drop column definition, drop column proposed_by, drop column proposed_at,
    drop column approved_by, drop column approved_at,
    alter column price_per_kwh set not null,
    add primary key (company_id, tariff_id, valid_from);
comment on table tariff_version is 'A price from an instant on. Immutable but for its end, which the next version sets.';
call record_changes('tariff_version', 'TariffVersion', '{company_id,valid_from,tariff_id}');
alter table company drop column second_person_for_tariffs;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0019_mended")]
    operations = [RunSQL(UP, DOWN)]
