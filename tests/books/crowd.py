"""Many who write to a few accounts at once, and many who ask for the same again and again."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from db import access
from db.enums import JournalKind, LedgerAccountKind
from db.ids import AccountId, CompanyId
from domain.billing import accrual
from domain.ledger import operations as ledger
from domain.ledger.posting import post
from domain.ledger.reversal import reverse
from domain.ledger.rules import Line, Posting
from tests.factories import NOW, Place, account_of

TODAY = date(2026, 3, 18)
MICRO_PER_MAJOR = 1_000_000
CLOSE_EVERY = 500
# Apart, so that not all of them open their connections while somebody holds an account.
STARTS_APART_S = 0.03


@dataclass
class Crowd:
    """Writers on the accounts of a place, and what they must leave behind, in millionths."""

    place: Place
    seed: int
    balances: Counter[AccountId] = field(default_factory=Counter)
    journals: Counter[str] = field(default_factory=Counter)

    @property
    def company_id(self) -> CompanyId:
        return self.place.company_id

    async def write(self, *, writers: int, operations: int) -> None:
        """Do all operations, each by whichever writer is free."""
        numbers = iter(range(operations))
        await asyncio.gather(*(self._write_some(numbers, writer) for writer in range(writers)))

    async def _write_some(self, numbers: Iterator[int], writer: int) -> None:
        await asyncio.sleep(writer * STARTS_APART_S)
        for number in numbers:
            random = Random(f"{self.seed}/{number}")  # noqa: S311 - no secret
            accounts = [s.account_id for s in self.place.supplies if s.account_id is not None]
            first, second = random.sample(accounts, 2)
            amount = random.randint(1, 10 * MICRO_PER_MAJOR)
            match random.randrange(10):
                case 0 | 1 | 2:
                    await self._move(str(number), first, second, amount)
                case 3 | 4:
                    await self._charge(first, TODAY - timedelta(days=amount % 5), amount)
                case 5:
                    await self._move(str(number), first, second, amount)
                    await self._undo(str(number), first, second, amount)
                case _:
                    await self._pay(str(number), first, amount)
            if number % CLOSE_EVERY == CLOSE_EVERY - 1:
                await ledger.close_days(now=NOW)

    async def _pay(self, key: str, account_id: AccountId, amount: int) -> None:
        await pay(self.place, account_id, amount, key=key)
        self.balances[account_id] += amount
        self.journals["CASH_TOP_UP"] += 1

    async def _move(self, key: str, payer: AccountId, payee: AccountId, amount: int) -> None:
        """Move credit between two accounts, which others lock in the other order."""
        async with access.tenant(self.company_id) as connection:
            await post(connection, self._moved(key, payer, payee, amount), now=NOW)
        self.balances.update({payer: -amount, payee: amount})
        self.journals["ADJUSTMENT"] += 1

    async def _undo(self, key: str, payer: AccountId, payee: AccountId, amount: int) -> None:
        async with access.tenant(self.company_id) as connection:
            moved = await post(connection, self._moved(key, payer, payee, amount), now=NOW)
            await reverse(
                connection,
                company_id=self.company_id,
                journal_id=moved,
                reason="moved by mistake",
                now=NOW,
            )
        self.balances.update({payer: amount, payee: -amount})
        self.journals["REVERSAL"] += 1

    async def _charge(self, account_id: AccountId, day: date, amount: int) -> None:
        async with access.system() as connection:
            charge = accrual.Charge(self.company_id, account_id, day, amount, Decimal(0))
            await accrual.stage(connection, [charge])
            await accrual.accrue(connection, now=NOW)
        self.balances[account_id] -= amount

    def _moved(self, key: str, payer: AccountId, payee: AccountId, amount: int) -> Posting:
        major = Decimal(amount).scaleb(-6)
        return Posting(
            company_id=self.company_id,
            kind=JournalKind.ADJUSTMENT,
            idempotency_key=key,
            request=f"{payer}/{payee}/{amount}",
            occurred_at=NOW,
            lines=[
                Line(LedgerAccountKind.CREDIT, -major, payer),
                Line(LedgerAccountKind.CREDIT, major, payee),
            ],
            reason="moved",
        )


async def pay(place: Place, account_id: AccountId, amount: int, *, key: str) -> int:
    return await ledger.credit_cash(
        company_id=place.company_id,
        account_id=account_id,
        amount=Decimal(amount).scaleb(-6),
        idempotency_key=key,
        occurred_at=NOW,
    )


async def retry(place: Place, *, keys: int, times: int) -> list[set[int]]:
    """Ask for the same top-ups again and again, at once; return the journals made by each key."""
    account_id = account_of(place)
    made = []
    for number in range(keys):
        same = [pay(place, account_id, 1, key=str(number)) for _ in range(times)]
        made.append(set(await asyncio.gather(*same)))
    return made


async def stored_balances(place: Place) -> dict[AccountId, int]:
    async with access.system() as connection:
        rows = await connection.fetch(
            "select account_id, balance_micro from account_balance where company_id = $1",
            place.company_id,
        )
    return {AccountId(row["account_id"]): row["balance_micro"] for row in rows}


async def stored_journals(place: Place, *, but: str = "") -> dict[str, int]:
    """Return how many transactions of each kind there are, but for one kind."""
    async with access.system() as connection:
        rows = await connection.fetch(
            "select kind, count(*) from journal where company_id = $1 and kind <> $2 group by kind",
            place.company_id,
            but,
        )
    return {row["kind"]: row["count"] for row in rows}
