"""Daily entries of contacts hold cipher text, as the contacts do: who may see one sees its past.

Erasing the person's key empties them both. What was recorded before shows only that it was there.
"""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
drop trigger record_added on subscriber_contact;
drop trigger record_updated on subscriber_contact;
drop trigger record_deleted on subscriber_contact;
call record_changes('subscriber_contact', 'Subscriber', '{company_id,subscriber_id}');
"""

DOWN = """
drop trigger record_added on subscriber_contact;
drop trigger record_updated on subscriber_contact;
drop trigger record_deleted on subscriber_contact;
call record_changes('subscriber_contact', 'Subscriber', '{company_id,subscriber_id}',
    '{name,email,phone,address,invoice_address,identity_number,language}');
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0030_invoice_lines")]
    operations = [RunSQL(UP, DOWN)]
