"""Credit and debt that people change by hand: with a reason, and above a limit by two of them."""

from datetime import datetime
from decimal import Decimal

from db import access
from db.access import Connection
from db.enums import AdjustmentState, JournalKind, LedgerAccountKind
from db.ids import AccountId, AdjustmentId, CompanyId, JournalId
from domain import rows, values
from domain.hands import Hand, behind
from domain.ledger.idempotency import made_under
from domain.ledger.posting import hash_of, post
from domain.ledger.rules import KEY_CHARACTERS_MAX, REASON_CHARACTERS_MAX, Line, Posting
from domain.listing import Record
from domain.money import major, micro
from domain.refusals import InvalidValue, NotThere, Refused, StaleVersion

FIRST_VERSION = 1

LIMIT = "select adjustment_approval_limit_micro from company where id = $1"
WAITING = "select * from adjustment where company_id = $1 and id = $2 for update"
OWED = """
    select debt_micro from account_balance
    where company_id = $1 and account_id = $2 for no key update
"""
DECIDE = """
    update adjustment set state = $3, journal_id = $4, decided_by = $5, decided_by_key = $6,
        decided_at = $7, rejection_reason = $8, version = version + 1
    where company_id = $1 and id = $2
"""


class AdjustmentDecided(Refused):
    """Somebody has decided about it; `state` says how."""

    def __init__(self, state: AdjustmentState) -> None:
        super().__init__("id", state=state)
        self.state = state


class MoreThanOwed(Refused):
    """The account owes less than is to be forgiven; `owed` says how much."""

    def __init__(self, owed_micro: int) -> None:
        super().__init__("amount", owed=f"{major(owed_micro):f}")


class SecondPersonNeeded(Refused):
    """Whoever proposed it stands behind this as well, or nobody in person does."""


async def adjust(
    *,
    company_id: CompanyId,
    account_id: AccountId,
    amount: Decimal,
    reason: str,
    idempotency_key: str,
    hand: Hand,
    now: datetime,
    side: LedgerAccountKind = LedgerAccountKind.CREDIT,
) -> AdjustmentId:
    """Give an account credit, or take some; above the company's limit only propose to.

    amount: major units, above zero gives. side: CREDIT, or DEBT (see `domain.ledger.debts`).
    Returns the adjustment's id; on a retry, that of the one already made, whatever has become of
    it.

    :raises IdempotencyConflict, MoreThanOwed, InvalidValue, NotThere: nothing was written
    """
    amount = values.money(amount, "amount")
    if amount == 0:
        raise InvalidValue("amount", expected="an amount that is not zero")
    reason = values.name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    key = values.name(idempotency_key, "idempotency_key", characters_max=KEY_CHARACTERS_MAX)
    of_side = "" if side is LedgerAccountKind.CREDIT else f"/{side}"
    request_hash = hash_of(f"{account_id}/{micro(amount)}/{reason}{of_side}")
    async with access.tenant(company_id) as connection:
        made = await made_under(
            connection, "adjustment", company_id=company_id, key=key, request_hash=request_hash
        )
        if made is not None:
            return AdjustmentId(made)
        adjustment_id = AdjustmentId(
            await rows.insert(
                connection,
                "adjustment",
                company_id=company_id,
                account_id=account_id,
                side=side,
                amount_micro=micro(amount),
                reason=reason,
                idempotency_key=key,
                request_hash=request_hash,
                state=AdjustmentState.PROPOSED,
                proposed_by=hand.user_id,
                proposed_by_key=hand.key_id,
                proposed_at=now,
            )
        )
        limit_micro = await connection.fetchval(LIMIT, company_id)
        if limit_micro is None or abs(micro(amount)) <= limit_micro:
            row = await _waiting(connection, company_id, adjustment_id, FIRST_VERSION)
            await _post(connection, row, decider=None, now=now)
    return adjustment_id


async def approve(
    *,
    company_id: CompanyId,
    adjustment_id: AdjustmentId,
    expected_version: int,
    hand: Hand,
    now: datetime,
) -> AdjustmentId:
    """Let a proposed adjustment come true.

    :raises StaleVersion, NotThere, AdjustmentDecided, SecondPersonNeeded, MoreThanOwed: nothing was
        written
    """
    async with access.tenant(company_id) as connection:
        row = await _waiting(connection, company_id, adjustment_id, expected_version)
        await _check_another(connection, company_id, row, hand)
        await _post(connection, row, decider=hand, now=now)
    return adjustment_id


async def reject(
    *,
    company_id: CompanyId,
    adjustment_id: AdjustmentId,
    expected_version: int,
    reason: str | None,
    hand: Hand,
    now: datetime,
) -> AdjustmentId:
    """Turn a proposed adjustment down, for good.

    :raises StaleVersion, NotThere, AdjustmentDecided, SecondPersonNeeded, InvalidValue: nothing
        was written
    """
    reason = values.optional_name(reason, "reason", characters_max=REASON_CHARACTERS_MAX)
    async with access.tenant(company_id) as connection:
        row = await _waiting(connection, company_id, adjustment_id, expected_version)
        await _check_another(connection, company_id, row, hand)
        await _decide(
            connection, row, AdjustmentState.REJECTED, decider=hand, now=now, reason=reason
        )
    return adjustment_id


async def _waiting(
    connection: Connection,
    company_id: CompanyId,
    adjustment_id: AdjustmentId,
    expected_version: int,
) -> Record:
    row = await connection.fetchrow(WAITING, company_id, adjustment_id)
    if row is None:
        raise NotThere
    if row["version"] != expected_version:
        raise StaleVersion(adjustment_id)
    if row["state"] != AdjustmentState.PROPOSED:
        raise AdjustmentDecided(AdjustmentState(row["state"]))
    return row


async def _check_another(
    connection: Connection, company_id: CompanyId, row: Record, hand: Hand
) -> None:
    """Return if somebody in person stands behind this hand, and had none in the proposal."""
    proposers = await behind(
        connection, company_id, Hand(user_id=row["proposed_by"], key_id=row["proposed_by_key"])
    )
    deciders = await behind(connection, company_id, hand)
    if not deciders or deciders & proposers:
        raise SecondPersonNeeded


async def _post(
    connection: Connection, row: Record, *, decider: Hand | None, now: datetime
) -> None:
    amount, side = major(row["amount_micro"]), LedgerAccountKind(row["side"])
    against = LedgerAccountKind.ADJUSTMENTS
    if side is LedgerAccountKind.DEBT and amount > 0:
        against = LedgerAccountKind.WRITE_OFF
        owed_micro = await connection.fetchval(OWED, row["company_id"], row["account_id"])
        if owed_micro < row["amount_micro"]:
            raise MoreThanOwed(owed_micro)
    posting = Posting(
        company_id=row["company_id"],
        kind=JournalKind.ADJUSTMENT,
        idempotency_key=f"adjustment/{row['id']}",
        request=f"{row['account_id']}/{row['amount_micro']}",
        occurred_at=now,
        lines=[
            Line(side, amount, row["account_id"]),
            Line(against, -amount),
        ],
        reason=row["reason"],
    )
    journal_id = await post(connection, posting, now=now)
    await _decide(
        connection, row, AdjustmentState.POSTED, decider=decider, now=now, journal_id=journal_id
    )


async def _decide(
    connection: Connection,
    row: Record,
    state: AdjustmentState,
    *,
    decider: Hand | None,
    now: datetime,
    journal_id: JournalId | None = None,
    reason: str | None = None,
) -> None:
    """Write down how an adjustment ended. decider: None when none was needed."""
    hand = decider or Hand()
    await connection.execute(
        DECIDE,
        row["company_id"],
        row["id"],
        state,
        journal_id,
        hand.user_id,
        hand.key_id,
        None if decider is None else now,
        reason,
    )
