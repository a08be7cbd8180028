"""Memberships that a provider gave, room for searching, and the removal of what has ended."""

from importlib import import_module

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

SEARCHED = import_module("db.migrations.m0014_search").SEARCHED

FUNCTION = """
create function rows_containing({arguments})
returns table (id int8, letters text)
language plpgsql stable security definer set search_path = public rows 100 as $$
declare
    pattern text := regexp_replace(folded(part), '([\\\\%_])', '\\\\\\1', 'g') || '%';
begin
    if place <> all ('{{{searched}}}') then
        raise exception 'nothing is indexed at %', place using errcode = 'invalid_parameter_value';
    end if;
    return query execute format(
        case when at_start
            then 'select t.id, folded(t.%2$I) from %1$I t where t.company_id = $1 and (folded(t.%2$I) like $2 or folded(t.%2$I) like ''%% '' || $2)'
            else 'select t.id, folded(t.%2$I) from %1$I t where t.company_id = $1 and folded(t.%2$I) like ''%%'' || $2'
        end{bound}, split_part(place, '.', 1), split_part(place, '.', 2))
        using nullif(current_setting('app.company', true), '')::int, pattern{value};
end $$;
revoke all on function rows_containing from public;
grant execute on function rows_containing to wattledger_app;
"""
BOUND = " || case when at_most is null then '' else ' order by length(folded(t.%2$I)), 2, 1 limit $3' end"

UP = f"""
alter table membership add column from_provider bool not null default false;
comment on column membership.from_provider is 'The role is what a group of the provider is given, and ends with it.';
update membership m set from_provider = true
where exists (select from oidc_identity i where i.company_id = m.company_id and i.user_id = m.user_id)
    and not exists (
        select from invitation i where i.company_id = m.company_id and i.user_id = m.user_id and i.accepted_at is not null)
    and exists (
        select from oidc_group_role g where g.company_id = m.company_id
            and (g.role, g.role_id, g.branch_id, g.field_id) is not distinct from (m.role, m.role_id, m.branch_id, m.field_id));

grant delete on session to wattledger_system;
create index session_by_end on session (least(expires_at, revoked_at));
create index job_by_end on job (finished_at) where finished_at is not null;

-- at_most: the shortest texts, among which is every one that is the part itself.
drop function rows_containing;
{FUNCTION.format(searched=SEARCHED, arguments="place text, part text, at_start bool default false, at_most int8 default null", bound=BOUND, value=", at_most")}
"""

DOWN = f"""
drop function rows_containing;
{FUNCTION.format(searched=SEARCHED, arguments="place text, part text, at_start bool default false", bound="", value="")}
drop index job_by_end, session_by_end;
revoke delete on session from wattledger_system;
alter table membership drop column from_provider;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0018_account_life")]
    operations = [RunSQL(UP, DOWN)]
