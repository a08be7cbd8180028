"""What becomes of an account's payments when it ends.

What may have been paid already keeps it open. What nobody has paid yet is taken back at the
provider soon; who pays in the last moment is credited all the same, and the account is settled
once more.
"""

from datetime import datetime

from db.access import Connection
from db.ids import AccountId, CompanyId
from domain.accounts.settling import PaymentInFlight

OPEN = """
    select state, saved_card_id, payment_reference from top_up
    where company_id = $1 and account_id = $2 and state in ('STARTED', 'IN_FLIGHT')
    order by id for no key update
"""
LAPSE = """
    update top_up set lapses_at = $3, look_again_at = $3, version = version + 1
    where company_id = $1 and account_id = $2 and state = 'STARTED' and lapses_at > $3
"""
SWITCH_OFF = """
    update automatic_top_up set active = false, version = version + 1
    where company_id = $1 and account_id = $2 and active
"""


async def let_lapse(
    connection: Connection, *, company_id: CompanyId, account_id: AccountId, now: datetime
) -> None:
    """Let nobody pay for an account any more, in the transaction that ends it.

    The caller holds the account, and no balance yet.

    :raises PaymentInFlight: the provider has a payment in hand, or a card may have been charged
    """
    found = await connection.fetch(OPEN, company_id, account_id)
    for row in found:
        # A page or a form is paid by whoever sits there. A card is charged at once, and until the
        # provider has answered nobody knows whether it was.
        is_unheard = row["saved_card_id"] is not None and row["payment_reference"] is None
        if row["state"] == "IN_FLIGHT" or is_unheard:
            raise PaymentInFlight("id")
    await connection.execute(LAPSE, company_id, account_id, now)
    await connection.execute(SWITCH_OFF, company_id, account_id)
