"""What of payments, transfers and notices may change at all, and finding open invoices by amount."""

from tortoise import migrations
from tortoise.migrations.operations import RunSQL

UP = """
create index invoice_open on invoice (company_id, (total_micro - paid_micro - credited_micro), id)
    where kind = 'MONTHLY' and total_micro > paid_micro + credited_micro;
create index bank_transfer_of_payment on bank_transfer (company_id, payment_id) where payment_id is not null;

revoke update on payment, allocation, bank_transfer, overdue_notice from wattledger_app;
grant update (state, reversal_id, reversal_reason, allocated_micro, version) on payment to wattledger_app;
grant update (released_at) on allocation to wattledger_app;
grant update (state, payment_id, suggested_invoice_id, ignored_because, version) on bank_transfer to wattledger_app;
grant update (delivered_at, delivery_method, delivery_evidence, message_id, version) on overdue_notice to wattledger_app;

create trigger overdue_notice_proof before update on overdue_notice for each row
    when (old.delivered_at is not null and (old.delivered_at, old.delivery_method, old.delivery_evidence)
        is distinct from (new.delivered_at, new.delivery_method, new.delivery_evidence))
    execute function refuse_change();
"""

DOWN = """
drop trigger overdue_notice_proof on overdue_notice;
revoke update (delivered_at, delivery_method, delivery_evidence, message_id, version) on overdue_notice from wattledger_app;
revoke update (state, payment_id, suggested_invoice_id, ignored_because, version) on bank_transfer from wattledger_app;
revoke update (released_at) on allocation from wattledger_app;
revoke update (state, reversal_id, reversal_reason, allocated_micro, version) on payment from wattledger_app;
grant update on payment, allocation, bank_transfer, overdue_notice to wattledger_app;
drop index bank_transfer_of_payment, invoice_open;
"""


class Migration(migrations.Migration):
    dependencies = [("wattledger", "m0028_shared_supplies")]
    operations = [RunSQL(UP, DOWN)]
