"""Who settles an account charges what is left of its months in the same transaction."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
grant delete on month_due to wattledger_app;
grant insert, update on month_verdict to wattledger_app;
grant insert on month_charge, month_charge_line, month_charge_tax to wattledger_app;
"""

DOWN = """
revoke insert on month_charge, month_charge_line, month_charge_tax from wattledger_app;
revoke insert, update on month_verdict from wattledger_app;
revoke delete on month_due from wattledger_app;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0041_purchase_offsets")]
    operations = [RunSQL(UP, DOWN)]
