"""Buying credit by itself when it runs low, where a subscriber lets it."""

import logging
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from db import access
from db.enums import PaymentWay
from db.ids import AccountId, CompanyId, SavedCardId
from domain import rows, values
from domain.accounts.suspension import AccountClosed
from domain.money import major, micro
from domain.refusals import AlreadyExists, NotThere, Refused, StaleVersion
from domain.topups.gateway import Gateways
from domain.topups.starting import start
from domain.topups.wishes import Wish, check_amount

DUE_MAX = 20
# However fast credit is used: a card is not charged more often.
PAUSE = timedelta(hours=1)

log = logging.getLogger(__name__)

FACTS = """
    select a.closed_at, c.currency, c.top_up_minimum_micro, c.top_up_maximum_micro, exists (
        select from saved_card s
        where s.company_id = a.company_id and s.id = $3 and s.subscriber_id = a.subscriber_id
            and s.removed_at is null
    ) as has_card
    from account a join company c on c.id = a.company_id
    where a.company_id = $1 and a.id = $2 for key share of a
"""
FOUND = """
    select id, version from automatic_top_up where company_id = $1 and account_id = $2 for update
"""
DUE = """
    update automatic_top_up u set times = times + 1, rests_until = $1::timestamptz + $2::interval
    where (u.company_id, u.id) in (
        select t.company_id, t.id
        from automatic_top_up t
        join account a on a.company_id = t.company_id and a.id = t.account_id
        join account_balance b on b.company_id = t.company_id and b.account_id = t.account_id
        where t.active and a.closed_at is null and a.suspended_at is null
            and a.billing_mode = 'PREPAID' and b.balance_micro <= t.threshold_micro
            and coalesce(t.rests_until, '-infinity') <= $1
            and not exists (
                select from top_up p where p.company_id = t.company_id
                    and p.account_id = t.account_id
                    and (p.state = 'IN_FLIGHT' or (p.state = 'STARTED' and p.automatic)))
        order by t.company_id, t.id limit $3 for update of t skip locked
    )
    returning u.company_id, u.id, u.account_id, u.saved_card_id, u.amount_micro, u.times
"""


async def set_automatic(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    card_id: SavedCardId,
    threshold: Decimal,
    amount: Decimal,
    active: bool,
    expected_version: int | None,
) -> int:
    """Let credit be bought with a card whenever the balance is at a threshold or below it.

    threshold, amount: major units. expected_version: None when there is none yet. Switching it on
    forgets what failed before. Returns its id.

    :raises TopUpAmountOutOfRange, AccountClosed, StaleVersion, AlreadyExists, NotThere: nothing
        was written
    """
    changes: dict[str, Any] = {
        "saved_card_id": card_id,
        "threshold_micro": micro(values.money(threshold, "threshold")),
        "amount_micro": micro(values.money(amount, "amount")),
        "active": active,
        "failures": 0,
    }
    async with access.tenant(company_id) as connection:
        facts = await connection.fetchrow(FACTS, company_id, account_id, card_id)
        if facts is None or not facts["has_card"]:
            raise NotThere
        if facts["closed_at"] is not None:
            raise AccountClosed("account_id")
        check_amount(amount, facts)
        row = await connection.fetchrow(FOUND, company_id, account_id)
        if row is None:
            if expected_version is not None:
                raise NotThere
            return await rows.insert(
                connection,
                "automatic_top_up",
                company_id=company_id,
                account_id=account_id,
                **changes,
            )
        if expected_version is None:
            raise AlreadyExists("account_id")
        if row["version"] != expected_version:
            raise StaleVersion(row["id"])
        await rows.change(
            connection,
            "automatic_top_up",
            company_id=company_id,
            row_id=row["id"],
            expected_version=expected_version,
            changes=changes,
        )
        return int(row["id"])


async def buy_due(*, gateways: Gateways, now: datetime) -> int:
    """Start top-ups of accounts that ran low, up to 20; return how many those were.

    Safe to run twice at once: each start has a number, which is the key of its payment.
    """
    async with access.system() as connection:
        due = await connection.fetch(DUE, now, PAUSE, DUE_MAX)
    for row in due:
        wish = Wish(
            account_id=AccountId(row["account_id"]),
            amount=major(row["amount_micro"]),
            way=PaymentWay.SAVED_CARD,
            card_id=SavedCardId(row["saved_card_id"]),
            is_present=False,
        )
        try:
            await start(
                company_id=CompanyId(row["company_id"]),
                wish=wish,
                idempotency_key=f"automatic/{row['id']}/{row['times']}",
                gateways=gateways,
                now=now,
            )
        except Refused as error:
            # The top-up says why, if there is one; the next one is tried after the pause.
            log.warning("topups.not_automatic", extra={"id": row["id"], "reason": repr(error)})
    return len(due)
