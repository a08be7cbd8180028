"""Managing the hierarchy."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
-- A company makes its own collectors' identities, but never reads what proves them.
alter table collector_identity rename constraint collector_identity_pkey to collector_identity_serial_once;
call protect_tenant_table('collector_identity',
    'select (company_id, collector_id, flag, serial), insert, update (flag, serial, token_hash)');
"""

DOWN = """
revoke select (company_id, collector_id, flag, serial), insert, update (flag, serial, token_hash)
    on collector_identity from wattledger_app;
drop policy every_company on collector_identity;
drop policy one_company on collector_identity;
alter table collector_identity disable row level security;
alter table collector_identity rename constraint collector_identity_serial_once to collector_identity_pkey;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0008_audit_seals")]
    operations = [RunSQL(UP, DOWN)]
