"""How accounts are suspended and end, and who pays for premises in between."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
alter table account
    add suspended_at timestamptz,
    add suspension_reason text constraint account_suspension_reason check (char_length(suspension_reason) between 1 and 500),
    add constraint account_suspension check ((suspended_at is null) = (suspension_reason is null)),
    add constraint account_period check (closed_at > opened_at);
alter table account_point
    add final_index_wh int8,
    add constraint account_point_final_index check (final_index_wh is null or ended_at is not null);
comment on column account_point.final_index_wh is 'The total register when the account no longer paid for it, on the meter''s side of the multiplier.';

alter table premises
    add owner_account_id int8,
    add constraint premises_owner_account foreign key (company_id, owner_account_id) references account;
create index premises_of_owner_account on premises (company_id, owner_account_id) where owner_account_id is not null;
comment on column premises.owner_account_id is 'The account that pays while no subscriber does.';
"""

DOWN = """
drop index premises_of_owner_account;
alter table premises drop owner_account_id;
alter table account_point drop final_index_wh;
alter table account drop constraint account_period, drop suspension_reason, drop suspended_at;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0017_books")]
    operations = [RunSQL(UP, DOWN)]
