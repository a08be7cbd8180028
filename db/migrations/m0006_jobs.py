"""When recurring jobs are due. The fact stands here; whoever rings, a job runs once a period."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create table recurring_job (
    name text primary key,
    due_at timestamptz not null
);
comment on table recurring_job is 'When each recurring job is due next; a worker claims it by moving it on.';
grant select, insert, update on recurring_job to wattledger_system;
"""

DOWN = "drop table recurring_job;"


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0005_ledger")]
    operations = [RunSQL(UP, DOWN)]
