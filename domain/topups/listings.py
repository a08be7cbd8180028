"""Reading top-ups, what was given back of them, and saved cards."""

from collections.abc import Sequence

from db.access import Connection
from db.enums import DisputeState, PaymentWay, RefundState, TopUpState
from domain.facets import flag, id_of, instant, money, word
from domain.listing import Listing, Relation, Wall, fetch

TOP_UPS = Listing(
    table="top_up",
    columns=(
        "id",
        "account_id",
        "way",
        "amount_micro",
        "currency",
        "provider",
        "saved_card_id",
        "instalments",
        "automatic",
        "started_at",
        "lapses_at",
        "state",
        "failure",
        "received_micro",
        "refunded_micro",
        "held_micro",
        "debt_share_micro",
        "paid_at",
        "credited_at",
        "journal_id",
        "version",
    ),
    facets=(
        instant("top_up.started_at"),
        instant("top_up.credited_at", nullable=True),
        word("top_up.state", TopUpState),
        word("top_up.way", PaymentWay),
        money("top_up.amount_micro", name="amount"),
        flag("top_up.automatic"),
        id_of("account", "top_up.account_id"),
    ),
    order="started_at",
    newest_first=True,
)


def _currency(table: str) -> str:
    return (
        f"(select t.currency from top_up t where t.company_id = {table}.company_id"
        f" and t.id = {table}.top_up_id) as currency"
    )


REFUNDS = Listing(
    table="top_up_refund",
    columns=(
        "id",
        "top_up_id",
        "amount_micro",
        _currency("top_up_refund"),
        "reason",
        "state",
        "failure",
        "requested_at",
        "version",
    ),
    facets=(
        instant("top_up_refund.requested_at"),
        word("top_up_refund.state", RefundState),
        money("top_up_refund.amount_micro", name="amount"),
        id_of("top_up", "top_up_refund.top_up_id", name="top_up"),
    ),
    order="requested_at",
    newest_first=True,
)
DISPUTES = Listing(
    table="top_up_dispute",
    columns=(
        "id",
        "top_up_id",
        "amount_micro",
        _currency("top_up_dispute"),
        "reason",
        "state",
        "opened_at",
        "withdrawn_micro",
        "reinstated_micro",
        "fee_micro",
        "version",
    ),
    facets=(
        instant("top_up_dispute.opened_at"),
        word("top_up_dispute.state", DisputeState),
        money("top_up_dispute.amount_micro", name="amount"),
        id_of("top_up", "top_up_dispute.top_up_id", name="top_up"),
    ),
    order="opened_at",
    newest_first=True,
)
SAVED_CARDS = Listing(
    table="saved_card",
    columns=(
        "id",
        "subscriber_id",
        "provider",
        "brand",
        "last4",
        "expires_year",
        "expires_month",
        "saved_at",
        "removed_at",
    ),
    facets=(
        instant("saved_card.saved_at"),
        instant("saved_card.removed_at", nullable=True),
        id_of("subscriber", "saved_card.subscriber_id"),
    ),
    order="saved_at",
    newest_first=True,
)
AUTOMATIC_TOP_UPS = Listing(
    table="automatic_top_up",
    columns=(
        "id",
        "account_id",
        "saved_card_id",
        "threshold_micro",
        "amount_micro",
        "(select c.currency from company c where c.id = automatic_top_up.company_id) as currency",
        "active",
        "failures",
        "version",
    ),
    facets=(
        money("automatic_top_up.threshold_micro", name="threshold"),
        flag("automatic_top_up.active"),
        id_of("account", "automatic_top_up.account_id"),
    ),
    order="threshold",
)

TOP_UPS_OF_ACCOUNT = Relation(TOP_UPS, "top_up.account_id = parent.id")
REFUNDS_OF_TOP_UP = Relation(REFUNDS, "top_up_refund.top_up_id = parent.id")
DISPUTES_OF_TOP_UP = Relation(DISPUTES, "top_up_dispute.top_up_id = parent.id")
CARDS_OF_SUBSCRIBER = Relation(
    SAVED_CARDS, "saved_card.subscriber_id = parent.id and saved_card.removed_at is null"
)

OF_ACCOUNTS = """
    select account_id, id from automatic_top_up
    where company_id = {company} and account_id = any({ids}::int8[])
"""


async def automatic_of_accounts(
    connection: Connection, account_ids: Sequence[int], *, wall: Wall
) -> dict[int, int]:
    """Return the id of each account's automatic top-up; whether it may be seen is for others."""
    rows = await fetch(connection, OF_ACCOUNTS, {**wall.values, "ids": list(account_ids)})
    return {row["account_id"]: row["id"] for row in rows}
