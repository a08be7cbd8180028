"""Which of a meter's Wh are whose, where several accounts pay for what it measures. Pure.

They are told apart by all that the meter counted since these accounts began to pay together, and
not by each reading: so it does not matter how often it is read, nor in which order that is told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from db.ids import AccountId
from domain.tariffs.flows import Interval

WHOLE_PPM = 1_000_000

Shares = tuple[tuple[AccountId, int], ...]
"""Accounts in the order of their ids, each with its share in millionths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What one account pays of a meter that it shares, over a stretch of time.

    base_index_wh: the meter's index when these accounts began to share it. shares: of all of them.
    """

    account_id: AccountId
    starts_at: datetime
    ends_at: datetime | None
    base_index_wh: int
    shares: Shares

    def reaches(self, at: datetime) -> bool:
        """Whether the meter's index at `at` is one of this stretch, its end included."""
        return self.starts_at <= at and (self.ends_at is None or at <= self.ends_at)

    def of_index(self, index_wh: int) -> int:
        """Return how much of what the meter has counted by then is the account's."""
        return self.of(index_wh - self.base_index_wh)

    def of(self, energy_wh: int) -> int:
        """Return how much of what another register shows is the account's: it counts from zero."""
        return apportioned(energy_wh, self.shares)[self.account_id]

    def of_profile(self, profile: Iterable[Interval]) -> tuple[Interval, ...]:
        """Return the account's part of what a load profile tells, which is exact."""
        share = Fraction(dict(self.shares)[self.account_id], WHOLE_PPM)
        return tuple(one._replace(energy_wh=one.energy_wh * share) for one in profile)


def apportioned(energy_wh: int, shares: Sequence[tuple[AccountId, int]]) -> dict[AccountId, int]:
    """Return each account's part of energy, in whole Wh that make up the whole.

    The accounts are halved, and the energy between the halves in proportion, rounded; and so on.
    The largest remainders would come closer by a Wh or two, but take a Wh back from somebody now
    and then as the energy grows (the Alabama paradox). Here, whatever grows leaves nobody less.

    energy_wh: at least zero.
    """
    if len(shares) == 1:
        return {shares[0][0]: energy_wh}
    half = len(shares) // 2
    first, others = shares[:half], shares[half:]
    of_first = sum(share for _, share in first)
    of_all = of_first + sum(share for _, share in others)
    taken = (2 * energy_wh * of_first + of_all) // (2 * of_all)
    return apportioned(taken, first) | apportioned(energy_wh - taken, others)
