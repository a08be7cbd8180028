"""Whatever becomes of an account, its documents together tell what it paid, and what it owes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import asyncpg
import pytest

from db import access
from db.enums import BillingMode, PaymentMethod
from db.ids import InvoiceId, PaymentId, TopUpId
from db.settings import Urls
from domain.accounts import operations as accounts
from domain.invoices import bought, credit_notes, monthly
from domain.invoices.rules import Month
from domain.ledger.queries import verify
from domain.payments import operations as payments
from domain.refusals import Refused
from domain.topups.refunds import RefundTooLarge
from tests.db.invoicing import FEBRUARY, STARTS_AT, make_postpaid, measure, query
from tests.factories import make_register_set
from tests.topups.shop import Shop

D = Decimal
STEPS = 60
# What is left of payments is counted as far as it has bought no credit. All in millionths.
STANDING = """
    select
        (select sum(total_micro - credited_micro)
            from invoice where kind <> 'CREDIT_NOTE') as documents,
        (select -sum(e.amount) * 1000000 from entry e
            join ledger_account l on l.company_id = e.company_id and l.id = e.ledger_account_id
            where l.kind in ('CASH', 'BANK', 'PROVIDER_CLEARING')) as money,
        (select sum(total_micro - paid_micro - credited_micro)
            from invoice where kind = 'MONTHLY') as open,
        (select sum(amount_micro - allocated_micro) from payment where state = 'POSTED')
            - (select coalesce(sum(i.total_micro - i.credited_micro), 0) from invoice i
                join journal j on j.company_id = i.company_id and j.id = i.journal_id
                where i.kind = 'PURCHASE' and j.kind = 'PAYMENT') as left_of_payments,
        (select sum(amount_micro) from credit_allocation
            where invoice_id is null and taken_by is null) as waiting
"""


ACCOUNT = "select array[billing_mode, version::text] from account where id = $1"


@dataclass(slots=True)
class Story:
    """An account that pays later at first; what happens to it is drawn by chance."""

    shop: Shop
    registers: int
    random: Random
    index: int = 0
    read_late: dict[datetime, int] = field(default_factory=dict)
    top_ups: list[TopUpId] = field(default_factory=list)
    payments: list[PaymentId] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    async def step(self) -> None:
        """Do one thing, at times after some days. What is refused changes nothing."""
        if self.random.random() < 0.4:
            self.shop.move(timedelta(days=self.random.randint(1, 3)))
        what: Callable[[], Awaitable[None]] = self.random.choice(
            (
                *(self.use, self.use, self.top_up, self.pay, self.refund, self.fail_refund),
                *(self.reverse, self.change_mode, self.issue, self.issue),
                *(self.take_back, self.work),
            )
        )
        self.told.append(f"{self.shop.now:%m-%d} {what.__name__}")
        await what()

    def amount(self) -> str:
        return str(D(self.random.randint(100, 30_000)).scaleb(-2))

    async def use(self) -> None:
        """Count some energy; at times the reading comes later, after that of another day."""
        self.index += self.random.randint(1, 60_000)
        self.read_late[self.shop.now] = self.index
        if self.random.random() < 0.7:
            late, self.read_late = self.read_late, {}
            now = max(late)
            await measure(self.shop.place, self.registers, {now: late.pop(now)}, closed_at=now)
            if late and self.random.random() < 0.5:
                await measure(self.shop.place, self.registers, late, closed_at=now)
            else:
                self.read_late = late

    async def top_up(self) -> None:
        self.top_ups.append(await self.shop.paid(self.amount()))

    async def pay(self) -> None:
        payment_id = await payments.record(
            company_id=self.shop.place.company_id,
            account_id=self.shop.account_id,
            amount=D(self.amount()),
            method=PaymentMethod.CASH,
            received_at=self.shop.now,
            idempotency_key=f"step {len(self.told)}",
            now=self.shop.now,
        )
        self.payments.append(payment_id)

    async def refund(self) -> None:
        if self.top_ups:
            amount = self.random.choice([None, self.amount()])
            try:
                await self.shop.refund(self.random.choice(self.top_ups), amount)
            except RefundTooLarge:
                return
            await self.shop.hear()

    async def fail_refund(self) -> None:
        refunds = [one for one in self.shop.twin.world.all("refund") if one["status"] != "failed"]
        if refunds:
            self.shop.twin.act("refund.fail", id=self.random.choice(refunds)["id"])
            await self.shop.hear()

    async def reverse(self) -> None:
        if self.payments:
            payment_id = self.payments.pop(self.random.randrange(len(self.payments)))
            await payments.reverse(
                company_id=self.shop.place.company_id,
                payment_id=payment_id,
                expected_version=await query(
                    "select version from payment where id = $1", payment_id
                ),
                reason="a false note",
                now=self.shop.now,
            )

    async def change_mode(self, mode: BillingMode | None = None) -> None:
        now, version = await query(ACCOUNT, self.shop.account_id)
        await accounts.update(
            company_id=self.shop.place.company_id,
            account_id=self.shop.account_id,
            expected_version=int(version),
            changes={"billing_mode": mode or next(one for one in BillingMode if one != now)},
            now=self.shop.now,
        )

    async def issue(self) -> None:
        """Issue the invoices of all months that are over."""
        for month in (FEBRUARY, FEBRUARY.moved(1), FEBRUARY.moved(2)):
            await self._issue(month)

    async def _issue(self, month: Month) -> None:
        try:
            await monthly.issue(
                company_id=self.shop.place.company_id,
                account_id=self.shop.account_id,
                month=month,
                now=self.shop.now,
            )
        except Refused:
            return

    async def take_back(self) -> None:
        """Take a part of the energy of an invoice of a month back."""
        row = await query(
            "select array[i.id, l.amount_micro] from invoice i"
            " join invoice_line l on l.invoice_id = i.id and l.line = 1"
            " where i.kind = 'MONTHLY' and i.credited_micro = 0 and l.amount_micro > 1000000"
            " order by i.id desc limit 1"
        )
        if row:
            part = D(self.random.randint(1, row[1] // 10_000)).scaleb(-2)
            await credit_notes.credit(
                company_id=self.shop.place.company_id,
                invoice_id=InvoiceId(row[0]),
                amounts={1: part},
                reason="read wrongly",
                idempotency_key=f"step {len(self.told)}",
                now=self.shop.now,
            )

    async def work(self) -> None:
        await bought.work(now=self.shop.now)

    async def standing(self) -> dict[str, Decimal]:
        """Return the sums, once all documents are made."""
        await self.work()
        assert await query("select count(*) from purchase_due") == 0
        found = await access.read_row(STANDING)
        assert found is not None
        return {name: D(amount or 0).scaleb(-6) for name, amount in found.items()}


@pytest.mark.parametrize("seed", range(6))
async def test_documents_tell_what_was_paid_and_what_is_owed(
    shop: Shop, database: Urls, seed: int
) -> None:
    story = await begin(shop, database, Random(seed))  # noqa: S311 - a story

    for _ in range(STEPS):
        await story.step()
        is_right(await story.standing(), story.told)
    await story.change_mode(BillingMode.PREPAID)
    shop.move(datetime.fromisoformat("2026-05-02T09:00:00Z") - shop.now)
    await story.use()
    await story.issue()
    end = await story.standing()

    is_right(end, story.told)
    assert end["waiting"] == end["left_of_payments"] == 0
    assert await verify() == []


def is_right(found: dict[str, Decimal], told: list[str]) -> None:
    owed = found["open"] - found["left_of_payments"] - found["waiting"]
    assert found["documents"] == found["money"] + owed, (found, told)


async def begin(shop: Shop, urls: Urls, random: Random) -> Story:
    owner = await asyncpg.connect(urls.owner)
    await owner.execute("select ensure_partitions($1, 60, 100)", STARTS_AT + timedelta(days=20))
    await owner.close()
    shop.place = await make_postpaid()
    registers = await make_register_set(shop.place.company_id)
    shop.move(STARTS_AT - shop.now)
    await measure(shop.place, registers, {STARTS_AT: 0})
    return Story(shop, registers, random)
