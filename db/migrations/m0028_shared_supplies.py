"""Metering points that several accounts pay for at the same time, each its share."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
alter table account_point
    add share_ppm int4 not null default 1000000 constraint account_point_share check (share_ppm between 1 and 1000000),
    add sharing_id int8 not null default nextval('id_sequence'),
    drop constraint account_point_one_account,
    add constraint account_point_one_account exclude using gist (company_id with =, point_id with =, tstzrange(started_at, ended_at) with &&, sharing_id with <>);
comment on column account_point.share_ppm is 'Its part of the point''s energy, in millionths.';
comment on column account_point.sharing_id is 'The same for those who pay for the point together: they begin and end at once, and their shares make up the whole.';

-- Rows of a sharing come one by one, so the whole is looked at when the transaction ends.
create function check_shares() returns trigger language plpgsql as $$
begin
    if exists (
        select from account_point
        where company_id = new.company_id and point_id = new.point_id and sharing_id = new.sharing_id
        having sum(share_ppm) <> 1000000 or count(distinct (started_at, ended_at)) <> 1
    ) then
        raise exception using errcode = 'check_violation', constraint = 'account_point_whole',
            message = format('the shares of point %s do not make up the whole', new.point_id);
    end if;
    return null;
end $$;
create constraint trigger account_point_whole after insert or update on account_point
    deferrable initially deferred for each row when (new.share_ppm < 1000000) execute function check_shares();

-- An account that ended by mistake is reopened: who took over in its place never paid.
grant delete on account_point to wattledger_app;
"""

DOWN = """
revoke delete on account_point from wattledger_app;
drop trigger account_point_whole on account_point;
drop function check_shares;
alter table account_point
    drop constraint account_point_one_account,
    drop share_ppm,
    drop sharing_id,
    add constraint account_point_one_account exclude using gist (company_id with =, point_id with =, tstzrange(started_at, ended_at) with &&);
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0027_senders")]
    operations = [RunSQL(UP, DOWN)]
