"""What may happen to payments, told in any order, and a model that knows nothing of our rules."""

import random
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st

from tests.stripe_twin.world import Object, Refusal
from tests.topups.shop import Shop

SECOND = timedelta(seconds=1)
# Longer than the longest pause after an event that cannot be worked on yet.
LATER = timedelta(hours=5)
DECLINED = 402
# What a bank may do, one after another.
DISPUTES = (
    (),
    ("open",),
    ("open", "withdraw"),
    ("open", "warning_closed"),
    ("open", "withdraw", "lost"),
    ("open", "withdraw", "won"),
    ("open", "withdraw", "won", "reinstate"),
    ("open", "withdraw", "reinstate", "won"),
    ("open", "withdraw", "lost", "reinstate"),
)
# What a payer does at the page, one after another.
PAYERS = (
    ("leaves",),
    ("pm_card_visa",),
    ("pm_card_visa_chargeDeclined", "pm_card_visa"),
    ("pm_card_visa_chargeDeclined",),
    ("pm_card_authenticationRequired", "yes"),
    ("pm_card_authenticationRequired", "no"),
    ("pm_card_slow",),
    ("pm_card_slow", "succeeds"),
    ("pm_card_slow", "fails"),
    ("expires",),
)
PAYING = frozenset({"pm_card_visa", "yes", "succeeds"})


@dataclass(frozen=True, slots=True)
class Bought:
    """One payment. coins: hundredths. refunds: shares of eight of it, and whether each fails."""

    coins: int
    payer: tuple[str, ...]
    refunds: tuple[tuple[int, bool], ...]
    dispute: tuple[str, ...]

    @property
    def is_paid(self) -> bool:
        return self.payer[-1] in PAYING

    @property
    def expected(self) -> int:
        """Return what the account has of it in the end."""
        if not self.is_paid:
            return 0
        back = sum(self.coins * eighths // 8 for eighths, fails in self.refunds if not fails)
        return self.coins - back - self._held

    @property
    def _held(self) -> int:
        is_given_back = "reinstate" in self.dispute or self.dispute[-1:] == ("warning_closed",)
        return self.coins if self.dispute and not is_given_back else 0

    @property
    def in_flight(self) -> int:
        return self.coins if self.payer == ("pm_card_slow",) else 0


@dataclass(frozen=True, slots=True)
class Story:
    """Payments, and how they are told of. seed: of the order. repeated: what is told twice."""

    payments: tuple[Bought, ...]
    seed: int
    repeated: int

    @property
    def expected(self) -> tuple[Decimal, Decimal]:
        """Return what the account has of it in the end, and what is in flight."""
        credited = sum(one.expected for one in self.payments)
        in_flight = sum(one.in_flight for one in self.payments)
        return Decimal(credited) / 100, Decimal(in_flight) / 100


def bought() -> st.SearchStrategy[Bought]:
    refunds = st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=2)
    return st.builds(
        Bought,
        coins=st.integers(800, 50_000),
        payer=st.sampled_from(PAYERS),
        refunds=refunds.map(tuple),
        dispute=st.sampled_from(DISPUTES),
    )


def stories() -> st.SearchStrategy[Story]:
    return st.builds(
        Story,
        payments=st.lists(bought(), min_size=1, max_size=3).map(tuple),
        seed=st.integers(0, 2**32),
        repeated=st.integers(0, 8),
    )


async def happen(shop: Shop, story: Story) -> list[Object]:
    """Let a story happen at the twin; return its events in their true order."""
    begun = len(shop.twin.world.events)
    for payment in story.payments:
        started = await shop.start(str(Decimal(payment.coins) / 100))
        session_id = (started.url or "").rpartition("/")[2]
        for act in payment.payer:
            shop.move(SECOND)
            _pay(shop, session_id, act)
        if payment.is_paid:
            intent_id = shop.twin.world.get("checkout.session", session_id)["payment_intent"]
            await _take_back(shop, intent_id, payment)
    return shop.twin.world.events[begun:]


def _pay(shop: Shop, session_id: str, act: str) -> None:
    intent_id = shop.twin.world.get("checkout.session", session_id)["payment_intent"]
    match act:
        case "leaves":
            return
        case "expires":
            shop.twin.act("checkout.expire", id=session_id)
        case "yes" | "no":
            shop.twin.act("intent.authenticate", id=intent_id, passed=act == "yes")
        case "succeeds" | "fails":
            shop.twin.act("intent.settle", id=intent_id, succeeded=act == "succeeds")
        case card:
            try:
                shop.twin.act("checkout.pay", id=session_id, card=card)
            except Refusal as refusal:
                if refusal.status != DECLINED:
                    raise


async def _take_back(shop: Shop, intent_id: str, payment: Bought) -> None:
    for eighths, fails in payment.refunds:
        shop.move(SECOND)
        refund = await shop.gateway._api.refunds.create_async(
            {"payment_intent": intent_id, "amount": payment.coins * eighths // 8}
        )
        if fails:
            shop.move(SECOND)
            shop.twin.act("refund.fail", id=refund.id)
    dispute_id = ""
    for act in payment.dispute:
        shop.move(SECOND)
        if act == "open":
            dispute_id = shop.twin.act("dispute.open", payment_intent=intent_id)["id"]
        elif act in {"withdraw", "reinstate"}:
            shop.twin.act(f"dispute.{act}", id=dispute_id)
        else:
            shop.twin.act("dispute.close", id=dispute_id, status=act)


async def tell(shop: Shop, story: Story, events: list[Object]) -> None:
    """Tell of events in any order, some twice; what comes too early is worked on later."""
    chance = random.Random(story.seed)  # noqa: S311 - an order, no secret
    again = chance.choices(events, k=story.repeated) if events else []
    told = [*events, *({**one, "id": f"{one['id']}_again{n}"} for n, one in enumerate(again))]
    chance.shuffle(told)
    for one in told:
        await shop.hear_of([one])
    for _ in range(2):
        shop.move(LATER)
        await shop.hear_of([])


async def balance(shop: Shop) -> tuple[Decimal, Decimal]:
    """Return the account's balance and what is in flight to it."""
    async with shop.system() as connection:
        row = await connection.fetchrow(
            "select balance_micro, in_flight_micro from account_balance"
            " where company_id = $1 and account_id = $2",
            shop.place.company_id,
            shop.account_id,
        )
    assert row is not None
    return Decimal(row[0]).scaleb(-6), Decimal(row[1]).scaleb(-6)


async def live_through(shop: Shop, story: Story) -> tuple[Decimal, Decimal]:
    """Let a story happen and be told of; return what the account has of it, and what is in flight.

    Each is compared with what was there before: the shop may have a past.
    """
    before, in_flight_before = await balance(shop)
    await tell(shop, story, await happen(shop, story))
    after, in_flight_after = await balance(shop)
    # Waiting top-ups would be too many after some stories.
    shop.move(timedelta(hours=2))
    return after - before, in_flight_after - in_flight_before
