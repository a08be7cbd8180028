"""Searching by text, and the indexes that filters of lists need.

`rows_containing` looks as the owner, since the operators of a trigram index are not leakproof and
so may not look before row-level security has; it holds itself to the company of the transaction.
"""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

PLACES = (
    ("branch", "name"),
    ("field", "name"),
    ("collector", "serial"),
    ("rf_module", "serial"),
    ("meter", "serial"),
    ("premises", "name"),
    ("metering_point", "code"),
    ("account", "number"),
    ("subscriber", "reference"),
)
INDEXES = "\n".join(
    f"create index {table}_by_part on {table} using gin (company_id, folded({column}) gin_trgm_ops);"
    for table, column in PLACES
)
DROPPED = "\n".join(f"drop index {table}_by_part;" for table, _ in PLACES)
SEARCHED = ",".join(f"{table}.{column}" for table, column in PLACES)

UP = f"""
create extension if not exists btree_gin;
create extension if not exists pg_trgm;

-- Letters without their marks, small; what a Turk and a computer call a small I is the same.
create function folded(written text) returns text
language sql immutable strict parallel safe as $$
    select translate(lower(translate(normalize(written, nfkd),
        U&'\\0300\\0301\\0302\\0303\\0304\\0306\\0307\\0308\\030A\\030B\\030C\\0326\\0327\\0328', '')), 'ı', 'i')
$$;
comment on function folded is 'A text as search compares it: without case and accents, and with one letter i.';

-- at_start: only rows where a word begins so, which the index knows of two letters too.
create function rows_containing(place text, part text, at_start bool default false)
returns table (id int8, letters text)
language plpgsql stable security definer set search_path = public rows 100 as $$
declare
    pattern text := regexp_replace(folded(part), '([\\\\%_])', '\\\\\\1', 'g') || '%';
begin
    if place <> all ('{{{SEARCHED}}}') then
        raise exception 'nothing is indexed at %', place using errcode = 'invalid_parameter_value';
    end if;
    return query execute format(
        case when at_start
            then 'select t.id, folded(t.%2$I) from %1$I t where t.company_id = $1 and (folded(t.%2$I) like $2 or folded(t.%2$I) like ''%% '' || $2)'
            else 'select t.id, folded(t.%2$I) from %1$I t where t.company_id = $1 and folded(t.%2$I) like ''%%'' || $2'
        end, split_part(place, '.', 1), split_part(place, '.', 2))
        using nullif(current_setting('app.company', true), '')::int, pattern;
end $$;
revoke all on function rows_containing from public;
grant execute on function rows_containing to wattledger_app;

{INDEXES}
create index point_of_parent on metering_point (company_id, parent_id) where parent_id is not null;
create index account_of_premises on account (company_id, premises_id);
"""

DOWN = f"""
drop index account_of_premises, point_of_parent;
{DROPPED}
drop function rows_containing, folded;
drop extension pg_trgm;
drop extension btree_gin;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0013_files")]
    operations = [RunSQL(UP, DOWN)]
