"""Facts of a provider come true: rows and books follow from them, whatever comes first or twice.

Each fact is one transaction, under the lock of its top-up. Not here: how facts get to us.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from db import access
from db.access import Connection
from db.enums import PaymentStatus, PaymentWay, TopUpState
from db.ids import CompanyId, JournalId, TopUpId
from domain import rows
from domain.invoices import due
from domain.listing import Record
from domain.money import major, micro
from domain.topups import cards, fees, takebacks
from domain.topups.booking import Book, book_credit, book_in_flight
from domain.topups.facts import CardFact, DisputeFact, Fact, FeeFact, PaymentFact, RefundFact
from domain.topups.receipts import put_receipt
from domain.topups.rules import Payment, merged, state_of

# Until then a payment that is processed is asked for; the provider tells us sooner.
LOOK_AT_PROCESSING_EVERY = timedelta(hours=6)

OF_KEY = "select company_id, id from top_up where company_id = $1 and payment_key = $2"
OF_PAYMENT = "select company_id, id from top_up where provider = $1 and payment_reference = $2"
LOCK = "select * from top_up where company_id = $1 and id = $2 for no key update"
TAKEN_BACK = """
    select coalesce(sum(amount_micro) filter (where state <> 'FAILED'), 0)::int8
    from top_up_refund where company_id = $1 and top_up_id = $2
"""
DISPUTES = """
    select state, amount_micro, withdrawn_micro, reinstated_micro, fee_micro, movements
    from top_up_dispute where company_id = $1 and top_up_id = $2
"""
COUNT_FAILURES = """
    update automatic_top_up set failures = case when $3 then failures + 1 else 0 end,
        active = active and not ($3 and failures + 1 >= $4), version = version + 1
    where company_id = $1 and account_id = $2 and (failures > 0 or $3)
"""
AUTOMATIC_FAILURES_MAX = 3
COUNTED = frozenset({TopUpState.FAILED, TopUpState.CREDITED})


class UnknownPayment(Exception):
    """It speaks of a payment that we do not know, or do not know yet."""


class FactContradicts(Exception):
    """What the provider says cannot be of this top-up: somebody has to look at it."""


async def apply(fact: Fact, *, provider: str, now: datetime) -> bool:
    """Let a fact come true; return whether it told something new. Safe to repeat.

    A payment that is not one of ours is none of our business, and tells nothing.

    :raises UnknownPayment: it may be known later
    :raises FactContradicts: nothing was written
    """
    if isinstance(fact, CardFact):
        return await cards.note(fact, provider=provider, now=now)
    found = await _whose(fact, provider)
    if found is None:
        if isinstance(fact, PaymentFact):
            return False
        raise UnknownPayment(fact.payment)
    company_id, top_up_id = found
    async with access.tenant(company_id) as connection:
        row = await connection.fetchrow(LOCK, company_id, top_up_id)
        if row is None:
            return False
        return await _apply_to(connection, row, fact, now)


async def _apply_to(
    connection: Connection,
    row: Record,
    fact: PaymentFact | RefundFact | DisputeFact | FeeFact,
    now: datetime,
) -> bool:
    if isinstance(fact, PaymentFact):
        return await _apply_payment(connection, row, fact, now)
    if isinstance(fact, FeeFact):
        _check_currency(row, fact.currency)
        return await fees.note_fee(connection, row, fact, now)
    if isinstance(fact, RefundFact):
        is_new = await takebacks.note_refund(connection, row, fact, now)
    else:
        _check_currency(row, fact.currency)
        is_new = await takebacks.note_dispute(connection, row, fact, now)
    if is_new:
        await settle(connection, row["company_id"], row["id"], now)
    return is_new


async def _whose(
    fact: PaymentFact | RefundFact | DisputeFact | FeeFact, provider: str
) -> tuple[CompanyId, TopUpId] | None:
    if not isinstance(fact, PaymentFact):
        row = await access.read_row(OF_PAYMENT, provider, fact.payment)
    elif fact.key is None:
        return None
    else:
        row = await access.read_row(OF_KEY, fact.key.company_id, fact.key.key)
    return None if row is None else (CompanyId(row["company_id"]), TopUpId(row["id"]))


async def _apply_payment(
    connection: Connection, row: Record, fact: PaymentFact, now: datetime
) -> bool:
    _check_currency(row, fact.currency)
    known = payment_of(row)
    if known.is_paid_besides(fact):
        raise FactContradicts(f"top-up {row['id']} is paid twice, by {fact.reference} as well")
    payment = merged(known, fact)
    if payment == known:
        return False
    columns: dict[str, object] = {
        "payment_status": payment.status,
        "payment_at": payment.at,
        "payment_reference": payment.reference,
        "checkout_reference": payment.checkout,
        "failure": payment.failure,
        "received_micro": micro(payment.received),
        **await _booked(connection, row, payment, now),
    }
    key = {"company_id": row["company_id"], "id": row["id"]}
    await rows.overwrite(connection, "top_up", key=key, changes=columns)
    await settle(connection, row["company_id"], row["id"], now)
    return True


def _check_currency(row: Record, currency: str) -> None:
    if currency != row["currency"]:
        raise FactContradicts(f"top-up {row['id']} is in {row['currency']}, not {currency}")


async def _booked(
    connection: Connection, row: Record, payment: Payment, now: datetime
) -> dict[str, object]:
    """Post what the books lack; return what to note of it."""
    book = Book(
        connection,
        row["company_id"],
        row["account_id"],
        f"top-up/{row['id']}",
        row["revision"],
        now,
    )
    was_in_flight = major(row["booked_in_flight_micro"])
    revised = {"revision": row["revision"] + 1}
    if payment.credited and row["journal_id"] is None:
        journal_id, cleared = await book_credit(book, payment.credited, was_in_flight=was_in_flight)
        reference = payment.reference or str(row["id"])
        await put_receipt(
            connection,
            company_id=row["company_id"],
            account_id=row["account_id"],
            currency=row["currency"],
            cleared=cleared,
            reference=reference,
            now=now,
        )
        return revised | {
            "journal_id": journal_id,
            "credited_at": now,
            "paid_at": payment.at,
            "debt_share_micro": micro(cleared.debt_share),
            "booked_in_flight_micro": 0,
        }
    in_flight = payment.in_flight(major(row["amount_micro"]))
    if in_flight == was_in_flight:
        return {}
    await book_in_flight(book, in_flight - was_in_flight)
    return revised | {"booked_in_flight_micro": micro(in_flight)}


async def settle(
    connection: Connection, company_id: CompanyId, top_up_id: TopUpId, now: datetime
) -> None:
    """Bring what follows from a top-up's payment, refunds and disputes up to date."""
    row = await connection.fetchrow(LOCK, company_id, top_up_id)
    if row is None:
        return
    payment = payment_of(row)
    refunded_micro = await connection.fetchval(TAKEN_BACK, company_id, top_up_id)
    disputes = [
        takebacks.dispute_of(one) for one in await connection.fetch(DISPUTES, company_id, top_up_id)
    ]
    state = state_of(
        payment,
        way=PaymentWay(row["way"]),
        refunded=major(refunded_micro),
        disputes=tuple(disputes),
    )
    changes = {
        "state": state,
        "refunded_micro": refunded_micro,
        "held_micro": micro(sum((one.held for one in disputes), Decimal(0))),
        "look_again_at": _look_again_at(payment, row, now),
        "version": row["version"] + 1,
    }
    key = {"company_id": company_id, "id": top_up_id}
    await rows.overwrite(connection, "top_up", key=key, changes=changes)
    if row["journal_id"] is not None:
        journal_ids = [JournalId(row["journal_id"])]
        await due.note(connection, company_id=company_id, journal_ids=journal_ids, now=now)
    if row["automatic"] and row["state"] != state and state in COUNTED:
        has_failed = state is TopUpState.FAILED
        await connection.execute(
            COUNT_FAILURES, company_id, row["account_id"], has_failed, AUTOMATIC_FAILURES_MAX
        )


def _look_again_at(payment: Payment, row: Record, now: datetime) -> datetime | None:
    lapses_at: datetime = row["lapses_at"]
    match payment.status:
        case PaymentStatus.OPEN:
            return lapses_at
        case PaymentStatus.PROCESSING:
            return max(lapses_at, now + LOOK_AT_PROCESSING_EVERY)
        case _:
            return None


def payment_of(row: Record) -> Payment:
    return Payment(
        status=PaymentStatus(row["payment_status"]),
        at=row["payment_at"],
        received=major(row["received_micro"]),
        failure=row["failure"],
        reference=row["payment_reference"],
        checkout=row["checkout_reference"],
    )
