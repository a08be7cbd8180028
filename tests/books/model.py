"""What the books must say, in plain Python and in millionths: no database, nothing of ours."""

from bisect import insort
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

ISTANBUL = ZoneInfo("Europe/Istanbul")
WH_PER_KWH = 1_000
MICRO = 1_000_000


@dataclass
class ModelMeter:
    """A meter's index at every instant that anybody has told of, by time, and what it costs.

    prices: since when, by time, and major units per kWh; the first holds before that, too.
    """

    prices: list[tuple[datetime, Fraction]]
    anchors: list[tuple[datetime, int]]

    @property
    def last(self) -> tuple[datetime, int]:
        return self.anchors[-1]

    def tell(self, at: datetime, index_wh: int) -> None:
        if (at, index_wh) not in self.anchors:
            insort(self.anchors, (at, index_wh))

    def charges(self) -> Counter[date]:
        """Return what each local day costs; energy belongs to the day in which it is read."""
        due: Counter[date] = Counter()
        price, base_wh = self.prices[0][1], self.anchors[0][1]
        changes = dict(self.prices[1:])
        for (start, before), (at, after) in pairwise(self._known()):
            if start in changes:
                price, base_wh = changes[start], before
            day = (at - timedelta(microseconds=1)).astimezone(ISTANBUL).date()
            due[day] += _cost(price, after - base_wh) - _cost(price, before - base_wh)
        return due

    def _known(self) -> list[tuple[datetime, int]]:
        """Return all anchors, and the index at each change of the price between two of them.

        Energy is taken to have come evenly, in whole Wh that are rounded down.
        """
        known = list(self.anchors)
        for (start, before), (end, after) in pairwise(self.anchors):
            for change, _ in self.prices[1:]:
                if start < change < end:
                    insort(
                        known,
                        (change, before + (after - before) * (change - start) // (end - start)),
                    )
        return known


def _cost(price: Fraction, energy_wh: int) -> int:
    return int(price * energy_wh * MICRO / WH_PER_KWH + Fraction(1, 2))


@dataclass
class ModelAccount:
    """One account: what was posted to its credit, what is in flight, what its meter has cost."""

    meter: ModelMeter
    credit: int = 0
    in_flight: int = 0
    posted: Counter[date] = field(default_factory=Counter)

    @property
    def open(self) -> Counter[date]:
        """What is charged and not posted, by local day; corrections may be below zero."""
        due = self.meter.charges()
        due.subtract(self.posted)
        return Counter({day: amount for day, amount in due.items() if amount})

    @property
    def balance(self) -> int:
        return self.credit - sum(self.open.values())


@dataclass
class ModelBooks:
    """All accounts, and how many transactions of each kind there are."""

    accounts: list[ModelAccount]
    journals: Counter[str] = field(default_factory=Counter)

    def credit(self, kind: str, number: int, amount: int) -> None:
        self.journals[kind] += 1
        self.accounts[number].credit += amount

    def fly(self, number: int, amount: int) -> None:
        self.journals["PAYMENT_IN_FLIGHT"] += 1
        self.accounts[number].in_flight += amount

    @property
    def days(self) -> dict[tuple[int, date], tuple[int, int]]:
        """What each account's local days are charged, and how much of it is posted."""
        found = {}
        for number, account in enumerate(self.accounts):
            charged = account.meter.charges()
            for day in charged.keys() | account.posted.keys():
                if charged[day] or account.posted[day]:
                    found[number, day] = (charged[day], account.posted[day])
        return found

    def close(self, today: date) -> None:
        """Post what days before `today` have cost."""
        for account in self.accounts:
            for day, amount in account.open.items():
                if day < today:
                    self.journals["ENERGY"] += 1
                    account.posted[day] += amount
                    account.credit -= amount
