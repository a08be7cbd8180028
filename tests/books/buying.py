"""Rules of bought credit: through a provider that tells of it bit by bit, and at the desk."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, rule

from db import access
from db.enums import DisputeState, PaymentMethod, PaymentStatus, RefundState
from db.ids import PaymentId
from domain.payments import operations as payments
from domain.topups.applying import apply
from domain.topups.facts import DisputeFact, Fact, PaymentFact, PaymentKey, RefundFact
from tests.books.model import ModelBooks
from tests.books.place import ACCOUNTS, BooksPlace, Runner

PROVIDER = "paper"
FEE = Decimal(15)
MICRO_PER_COIN = 10_000
KINDS = {PaymentMethod.CASH: "CASH_TOP_UP", PaymentMethod.BANK_TRANSFER: "BANK_TOP_UP"}

numbers = st.integers(0, ACCOUNTS - 1)
coins = st.integers(100, 1_000_000)


@dataclass(frozen=True, slots=True)
class Sold:
    """A payment through the provider. coins: hundredths."""

    key: PaymentKey
    number: int
    coins: int

    @property
    def micro(self) -> int:
        return self.coins * MICRO_PER_COIN

    def told(self, status: PaymentStatus, at: datetime) -> PaymentFact:
        is_paid = status is PaymentStatus.SUCCEEDED
        return PaymentFact(
            key=self.key,
            reference=str(self.key.key),
            status=status,
            received=Decimal(self.coins) / 100 if is_paid else Decimal(0),
            currency="TRY",
            at=at,
        )


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A refund or a dispute of a payment. coins: hundredths."""

    sold: Sold
    reference: str
    coins: int
    at: datetime

    @property
    def micro(self) -> int:
        return self.coins * MICRO_PER_COIN

    def refund(self, state: RefundState) -> RefundFact:
        return RefundFact(
            reference=self.reference,
            payment=str(self.sold.key.key),
            key=None,
            state=state,
            amount=Decimal(self.coins) / 100,
            at=self.at,
        )

    def dispute(self, state: DisputeState, *, movements: int) -> DisputeFact:
        """Return how it is. movements: 1 once the funds are withdrawn, 2 once they are back."""
        amount = Decimal(self.coins) / 100
        return DisputeFact(
            reference=self.reference,
            payment=str(self.sold.key.key),
            state=state,
            amount=amount,
            withdrawn=amount if movements else Decimal(0),
            reinstated=amount if movements > 1 else Decimal(0),
            fee=FEE if movements else Decimal(0),
            currency="TRY",
            movements=movements,
            at=self.at,
        )


class BuyingRules(RuleBasedStateMachine):
    """What may happen to bought credit; `LedgerMachine` says the rest, and what has to hold."""

    runner: ClassVar[Runner]
    books: BooksPlace
    model: ModelBooks
    flying = Bundle("flying")
    sold = Bundle("sold")
    refunds = Bundle("refunds")
    disputes = Bundle("disputes")
    at_the_desk = Bundle("at_the_desk")
    """Payments that nobody has reversed: payment, account, amount in millionths."""

    def __init__(self) -> None:
        super().__init__()
        self.keys = 0
        self._run = self.runner.run

    @rule(target=flying, number=numbers, coins=coins)
    def begin_to_buy(self, number: int, coins: int) -> Sold:
        one = Sold(self._run(self._write_down(number, coins)), number, coins)
        self._tell(one.told(PaymentStatus.PROCESSING, self.books.now))
        self.model.fly(number, one.micro)
        return one

    @rule(target=sold, one=consumes(flying), times=st.integers(1, 2))
    def buy(self, one: Sold, times: int) -> Sold:
        for _ in range(times):
            self._tell(one.told(PaymentStatus.SUCCEEDED, self.books.now))
        self.model.accounts[one.number].in_flight -= one.micro
        self.model.credit("TOP_UP", one.number, one.micro)
        return one

    @rule(one=consumes(flying))
    def fail_to_buy(self, one: Sold) -> None:
        self._tell(one.told(PaymentStatus.CANCELLED, self.books.now))
        self.model.fly(one.number, -one.micro)

    @rule(one=sold, status=st.sampled_from([PaymentStatus.PROCESSING, PaymentStatus.SUCCEEDED]))
    def hear_of_it_again(self, one: Sold, status: PaymentStatus) -> None:
        self._tell(one.told(status, self.books.now))

    @rule(target=refunds, one=sold, eighths=st.integers(1, 8))
    def refund(self, one: Sold, eighths: int) -> TakenBack:
        made = self._taken_back(one, one.coins * eighths // 8)
        self._tell(made.refund(RefundState.SUCCEEDED))
        self.model.credit("REFUND", one.number, -made.micro)
        return made

    @rule(one=consumes(refunds), times=st.integers(1, 2))
    def fail_to_refund(self, one: TakenBack, times: int) -> None:
        for _ in range(times):
            self._tell(one.refund(RefundState.FAILED))
        # What came late and out of order.
        self._tell(one.refund(RefundState.SUCCEEDED))
        self.model.credit("REFUND", one.sold.number, one.micro)

    @rule(target=disputes, one=sold)
    def dispute(self, one: Sold) -> TakenBack:
        made = self._taken_back(one, one.coins)
        self._tell(made.dispute(DisputeState.OPEN, movements=0))
        self.model.credit("DISPUTE", one.number, -made.micro)
        return made

    @rule(one=consumes(disputes), is_won=st.booleans())
    def end_a_dispute(self, one: TakenBack, is_won: bool) -> None:
        """Withdraw the funds with a fee, which the account does not see; and give them back."""
        self._tell(one.dispute(DisputeState.OPEN, movements=1))
        self.model.credit("DISPUTE", one.sold.number, 0)
        if is_won:
            self._tell(one.dispute(DisputeState.WON, movements=1))
            self._tell(one.dispute(DisputeState.WON, movements=2))
            self.model.credit("DISPUTE", one.sold.number, one.micro)
        else:
            self._tell(one.dispute(DisputeState.LOST, movements=1))
        self._tell(one.dispute(DisputeState.OPEN, movements=0))

    @rule(target=at_the_desk, number=numbers, coins=coins, method=st.sampled_from(list(KINDS)))
    def pay_at_the_desk(
        self, number: int, coins: int, method: PaymentMethod
    ) -> tuple[PaymentId, int, int]:
        payment_id = self._run(
            payments.record(
                company_id=self.books.place.company_id,
                account_id=self.books.account_id(number),
                amount=Decimal(coins) / 100,
                method=method,
                received_at=self.books.now,
                idempotency_key=self._next_key(),
                now=self.books.now,
            )
        )
        self.model.credit(KINDS[method], number, coins * MICRO_PER_COIN)
        return payment_id, number, coins * MICRO_PER_COIN

    @rule(one=consumes(at_the_desk))
    def undo_a_payment(self, one: tuple[PaymentId, int, int]) -> None:
        payment_id, number, amount = one
        self._run(self._undo(payment_id))
        self.model.credit("REVERSAL", number, -amount)

    def _next_key(self) -> str:
        self.keys += 1
        return str(self.keys)

    def _tell(self, fact: Fact) -> None:
        self._run(apply(fact, provider=PROVIDER, now=self.books.now))

    def _taken_back(self, one: Sold, coins: int) -> TakenBack:
        return TakenBack(one, f"{one.key.key}/{self._next_key()}", coins, self.books.now)

    async def _write_down(self, number: int, coins: int) -> PaymentKey:
        """Write down a top-up as it is before its provider has been asked."""
        company_id, now = self.books.place.company_id, self.books.now
        async with access.system() as connection:
            key = await connection.fetchval(
                "insert into top_up (company_id, account_id, way, amount_micro, currency, provider,"
                " idempotency_key, request_hash, started_at, payment_at, lapses_at, look_again_at)"
                " values ($1, $2, 'CHECKOUT', $3, 'TRY', $4, $5, '', $6, $6, $6, $6)"
                " returning payment_key",
                company_id,
                self.books.account_id(number),
                coins * MICRO_PER_COIN,
                PROVIDER,
                self._next_key(),
                now,
            )
        return PaymentKey(company_id, key)

    async def _undo(self, payment_id: PaymentId) -> None:
        company_id = self.books.place.company_id
        async with access.system() as connection:
            version = await connection.fetchval(
                "select version from payment where company_id = $1 and id = $2",
                company_id,
                payment_id,
            )
        await payments.reverse(
            company_id=company_id,
            payment_id=payment_id,
            expected_version=version,
            reason="as the machine likes it",
            now=self.books.now,
        )
