"""A state machine that does everything to the books, in any order, beside a model of them.

Whoever adds a kind of transaction adds a rule here: do it, tell the model, and the invariants hold.
"""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from db import access
from db.ids import AdjustmentId, JournalId
from db.settings import Urls
from domain.analytics.checks import verify as verify_sums
from domain.analytics.folding import fold
from domain.analytics.measuring import DAYS_MAX, measure_company
from domain.hands import Hand
from domain.ledger import adjustments, reversal
from domain.ledger import operations as ledger
from domain.ledger.posting import IdempotencyConflict
from domain.ledger.queries import verify
from tests.books import indicators
from tests.books.buying import BuyingRules, coins
from tests.books.model import ISTANBUL
from tests.books.place import ACCOUNTS, DAYS_AHEAD, START, BooksPlace, Runner

LIMIT = 500_000_000
POWER_WH_PER_MINUTE = 500
PRICES_MAX = 20

accounts = st.integers(0, ACCOUNTS - 1)
amounts = st.integers(1, 10**12)
fractions = st.fractions(0, 1, max_denominator=1_000)
minutes = st.integers(1, 900)
places = st.integers(0, 1_000)


class LedgerMachine(BuyingRules):
    """Amounts are in millionths; accounts go by their number. `run_machine` runs it."""

    paid = Bundle("paid")
    """Top-ups that can be asked for again: key, account, amount."""
    reversible = Bundle("reversible")
    """Transactions that nobody has reversed: journal, account, amount."""
    proposals = Bundle("proposals")
    """Adjustments that wait: adjustment, account, amount."""

    @initialize(target=BuyingRules.sold, coins=coins)
    def begin(self, coins: int) -> Any:
        self.books = self._run(BooksPlace.make())
        self.model = self.books.model()
        self._run(self.books.set_limit(LIMIT))
        # By chance alone a run seldom comes so far that anything can be taken back.
        bought = [self.begin_to_buy(number, coins) for number in range(ACCOUNTS)]
        return multiple(*(self.buy(one, times=1) for one in bought))

    @rule(target=paid, number=accounts, amount=amounts)
    def top_up(self, number: int, amount: int) -> tuple[str, int, int]:
        key = self._next_key()
        self._pay(key, number, amount)
        self.model.credit("CASH_TOP_UP", number, amount)
        return key, number, amount

    @rule(target=reversible, one=consumes(paid))
    def make_reversible(self, one: tuple[str, int, int]) -> tuple[JournalId, int, int]:
        key, number, amount = one
        return self._pay(key, number, amount), number, amount

    @rule(one=paid)
    def top_up_again(self, one: tuple[str, int, int]) -> None:
        self._pay(*one)

    @rule(one=paid)
    def use_a_key_for_something_else(self, one: tuple[str, int, int]) -> None:
        key, number, amount = one
        with pytest.raises(IdempotencyConflict):
            self._pay(key, number, amount + 1)

    @precondition(lambda self: self.books.now < START + timedelta(days=DAYS_AHEAD - 2))
    @rule(number=accounts, steps=st.lists(st.tuples(minutes, fractions), min_size=1, max_size=4))
    def charge(self, number: int, steps: list[tuple[int, Fraction]]) -> None:
        for passed, load in steps:
            at, index_wh = self.model.accounts[number].meter.last
            at = max(at, self.books.now) + timedelta(minutes=passed)
            self.books.now = at
            self._read(number, at, index_wh + int(load * passed * POWER_WH_PER_MINUTE))

    @precondition(lambda self: all(len(a.meter.anchors) > 1 for a in self.model.accounts))
    @rule(number=accounts, late=st.lists(st.tuples(places, fractions), min_size=1, max_size=4))
    def settle_by_late_reads(self, number: int, late: list[tuple[int, Fraction]]) -> None:
        anchors = self.model.accounts[number].meter.anchors
        for place, share in late:
            first = place % (len(anchors) - 1)
            (start, from_wh), (end, to_wh) = anchors[first : first + 2]
            at = start + timedelta(seconds=int(share * ((end - start) // timedelta(seconds=1))))
            if start < at < end:
                self._read(number, at, from_wh + int(share * (to_wh - from_wh)))

    @rule(number=accounts, place=places)
    def read_again(self, number: int, place: int) -> None:
        anchors = self.model.accounts[number].meter.anchors[1:]
        if anchors:
            self._run(self.books.read(number, *anchors[place % len(anchors)]))

    @precondition(lambda self: self.books.now < START + timedelta(days=DAYS_AHEAD - 2))
    @rule(hours=st.integers(0, 9))
    def close_days(self, hours: int) -> None:
        self.books.now += timedelta(hours=hours)
        self._run(ledger.close_days(now=self.books.now))
        self.model.close(self.books.now.astimezone(ISTANBUL).date())

    @precondition(lambda self: len(self.model.accounts[0].meter.prices) < PRICES_MAX)
    @rule(
        minutes_ahead=st.integers(6, 2_000),
        price=st.integers(0, 10**10).map(lambda n: Decimal(n).scaleb(-9)),
    )
    def change_price(self, minutes_ahead: int, price: Decimal) -> None:
        prices = self.model.accounts[0].meter.prices
        at = max(self.books.now, prices[-1][0]) + timedelta(minutes=minutes_ahead)
        self._run(self.books.set_price(price, at))
        for account in self.model.accounts:
            account.meter.prices.append((at, Fraction(price)))

    @rule(
        target=reversible,
        number=accounts,
        amount=st.integers(-LIMIT, LIMIT).filter(lambda amount: amount != 0),
    )
    def adjust(self, number: int, amount: int) -> tuple[JournalId, int, int]:
        adjustment_id = self._adjust(number, amount)
        self.model.credit("ADJUSTMENT", number, amount)
        return self._run(self.books.journal_of(adjustment_id)), number, amount

    @rule(
        target=proposals,
        number=accounts,
        amount=st.integers(LIMIT + 1, 10 * LIMIT),
        sign=st.sampled_from([1, -1]),
    )
    def propose(self, number: int, amount: int, sign: int) -> tuple[AdjustmentId, int, int]:
        return self._adjust(number, sign * amount), number, sign * amount

    @rule(target=reversible, one=consumes(proposals), agreed=st.booleans())
    def decide(self, one: tuple[AdjustmentId, int, int], agreed: bool) -> Any:
        adjustment_id, number, amount = one
        given: dict[str, Any] = {
            "company_id": self.books.place.company_id,
            "adjustment_id": adjustment_id,
            "expected_version": 1,
            "hand": Hand(user_id=self.books.people[1]),
            "now": self.books.now,
        }
        if not agreed:
            self._run(adjustments.reject(**given, reason=None))
            return multiple()
        self._run(adjustments.approve(**given))
        self.model.credit("ADJUSTMENT", number, amount)
        return self._run(self.books.journal_of(adjustment_id)), number, amount

    @rule(one=consumes(reversible), times=st.integers(1, 2))
    def reverse(self, one: tuple[JournalId, int, int], times: int) -> None:
        journal_id, number, amount = one
        made = [self._run(self._reverse(journal_id)) for _ in range(times)]
        assert len(set(made)) == 1
        self.model.credit("REVERSAL", number, -amount)

    @rule()
    def fold(self) -> None:
        self._run(fold())

    @rule()
    def measure(self) -> None:
        # A day at a time waits its turn if many are open.
        for _ in range(-(-DAYS_AHEAD // DAYS_MAX)):
            self._run(self._measure())
        days = {day.first: day for day in self._run(indicators.buckets(self.books))}
        charged = {day: one.charged.amount for day, one in days.items() if one.charged.amount}
        assert charged == {day: Decimal(micro).scaleb(-6) for day, micro in self._charges().items()}
        meters = [account.meter for account in self.model.accounts]
        assert sum(day.charged.energy_wh for day in days.values()) == sum(
            meter.last[1] - meter.anchors[0][1] for meter in meters
        )
        standing = days[self.books.now.astimezone(ISTANBUL).date()].standing
        assert standing is not None
        balances = sum(account.balance for account in self.model.accounts)
        assert standing.balance == Decimal(balances).scaleb(-6)

    @invariant()
    def indicators_are_the_sums_of_entries(self) -> None:
        assert self._run(indicators.told(self.books)) == self._run(indicators.plain(self.books))

    @invariant()
    def every_account_is_as_in_the_model(self) -> None:
        due = [
            (a.balance, a.credit, sum(a.open.values()), a.in_flight, a.in_flight, 0)
            for a in self.model.accounts
        ]
        assert self._run(self.books.stored()) == due
        assert self._run(self.books.days()) == self.model.days

    @invariant()
    def every_transaction_was_made_once_and_sums_to_zero(self) -> None:
        assert self._run(self.books.journals()) == dict(self.model.journals)
        assert self._run(self.books.unbalanced()) == 0

    def teardown(self) -> None:
        assert self._run(verify()) == []
        assert self._run(verify_sums()) == []

    def _charges(self) -> Counter[date]:
        """Return what each local day comes to by the model."""
        charges: Counter[date] = Counter()
        for account in self.model.accounts:
            charges.update(account.meter.charges())
        return Counter({day: amount for day, amount in charges.items() if amount})

    def _pay(self, key: str, number: int, amount: int) -> JournalId:
        return self._run(
            ledger.credit_cash(
                company_id=self.books.place.company_id,
                account_id=self.books.account_id(number),
                amount=Decimal(amount).scaleb(-6),
                idempotency_key=key,
                occurred_at=self.books.now,
            )
        )

    def _read(self, number: int, at: Any, index_wh: int) -> None:
        self._run(self.books.read(number, at, index_wh))
        self.model.accounts[number].meter.tell(at, index_wh)

    def _adjust(self, number: int, amount: int) -> AdjustmentId:
        return self._run(
            adjustments.adjust(
                company_id=self.books.place.company_id,
                account_id=self.books.account_id(number),
                amount=Decimal(amount).scaleb(-6),
                reason="as the machine likes it",
                idempotency_key=self._next_key(),
                hand=Hand(user_id=self.books.people[0]),
                now=self.books.now,
            )
        )

    async def _measure(self) -> None:
        # Alone: with the books of all runs before, it would be most of what the machine does.
        company_id = self.books.place.company_id
        assert await measure_company(company_id=company_id, now=self.books.now)

    async def _reverse(self, journal_id: JournalId) -> JournalId:
        async with access.tenant(self.books.place.company_id) as connection:
            return await reversal.reverse(
                connection,
                company_id=self.books.place.company_id,
                journal_id=journal_id,
                reason="as the machine likes it",
                now=self.books.now,
            )


def run_machine(urls: Urls, size: settings) -> Counter[str]:
    """Run the machine on a database; return how many runs and transactions of each kind it made.

    :raises AssertionError: the books were not what the model says
    """
    runner = Runner(urls)
    try:
        # Hypothesis makes each run's machine itself.
        machine = type("Machine", (LedgerMachine,), {"runner": runner})
        run_state_machine_as_test(machine, settings=size)
        return runner.run(_made())
    finally:
        runner.close()


async def _made() -> Counter[str]:
    """Count the books and what is in them: each run has books of its own."""
    async with access.system() as connection:
        runs = await connection.fetchval("select count(*) from company")
        rows = await connection.fetch("select kind, count(*) from journal group by kind")
    return Counter(runs=runs, **{row["kind"]: row["count"] for row in rows})
