"""Which of an account's own credit pays which of its invoices. Pure; amounts in millionths.

What is left of credit is of what came last; of that, what came first pays first. A share that was
made stays, as long as the purchase and the invoice both bear it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from db.ids import InvoiceId, JournalId

Use: TypeAlias = InvoiceId | JournalId
"""An invoice that is paid, what paid an account out, or a purchase itself for what refunds and
disputes took of what it paid: its documents never told that."""
Key: TypeAlias = tuple[JournalId | None, Use | None]
"""A purchase, or None for credit that was not bought; its use, or None while it waits for invoices
that are not written yet."""


class Standing(NamedTuple):
    """What a purchase credited: what is left of it, and what was taken back."""

    left: int
    taken: int


@dataclass(frozen=True, slots=True)
class Credit:
    """What came to an account and was not taken back. journal_id: None if it was not bought."""

    journal_id: JournalId | None
    amount: int


@dataclass(slots=True)
class Attribution:
    """The shares of one account."""

    shares: dict[Key, int] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        return self._sum(self._waiting())

    @property
    def waiting_since(self) -> JournalId | None:
        return min((purchase for purchase, _ in self._waiting()), default=None)

    def take_back(self, standing: Mapping[JournalId, Standing]) -> None:
        """Free what purchases do not have any more: what waits first, then of the youngest use.

        What came back is free as well.
        """
        for purchase in {purchase for purchase, _ in self.shares if purchase is not None}:
            left, taken = standing[purchase]
            own = (purchase, purchase)
            self._release([own], self.shares.get(own, 0) - taken)
            mine = self._paid_by(purchase)
            mine.sort(key=lambda key: (key[1] is not None, -(key[1] or 0)))
            self._add(own, self._release(mine, self._sum(mine) - left))

    def release_beyond_uses(self, used: Mapping[Use, int]) -> None:
        """Free what own credit does not pay any more, of the youngest purchase first."""
        for use in {use for purchase, use in self.shares if use not in (None, purchase)}:
            mine = [key for key in self.shares if key[1] == use]
            mine.sort(key=lambda key: -(key[0] or 0))
            self._release(mine, self._sum(mine) - used.get(use, 0))

    def lacking(self, used: Mapping[Use, int]) -> dict[Use, int]:
        """Return how much own credit pays without a share that says which."""
        found = {
            use: amount - self._sum(key for key in self.shares if key[1] == use)
            for use, amount in used.items()
        }
        return {use: amount for use, amount in found.items() if amount > 0}

    def let_waiting_pay(self, lacking: Mapping[Use, int]) -> None:
        """Let what waits pay, the oldest purchase first."""
        for use, amount in lacking.items():
            left = amount
            for purchase, _ in sorted(self._waiting()):
                part = self._release([(purchase, None)], left)
                self._add((purchase, use), part)
                left -= part

    def let_pay(
        self, lacking: Mapping[Use, int], credits_: Sequence[Credit], *, unspent: int
    ) -> None:
        """Let credit pay. credits_: by when it came; unspent: how much is left of all together.

        What none of it explains was not bought.
        """
        parts = list(reversed(list(self._left(credits_, unspent))))
        for use, amount in lacking.items():
            left = amount
            for number, part in enumerate(parts):
                taken = min(left, part.amount)
                parts[number] = Credit(part.journal_id, part.amount - taken)
                self._add((part.journal_id, use), taken)
                left -= taken
            self._add((None, use), left)

    def let_wait(self, purchase: JournalId, *, left: int, most: int) -> None:
        """Let what pays nothing of a purchase wait for invoices. left: what is not taken back."""
        pays = self._sum(self._paid_by(purchase))
        self._add((purchase, None), max(0, min(left - pays, most)))

    def wait_no_more_than(self, most: int) -> None:
        """Free what waits beyond that, the youngest purchase first."""
        self._release(sorted(self._waiting(), reverse=True), self.waiting - most)

    def changes(self, before: Mapping[Key, int]) -> dict[Key, int]:
        """Return by how much shares are others than before."""
        keys = dict.fromkeys([*before, *self.shares])
        changed = {key: self.shares.get(key, 0) - before.get(key, 0) for key in keys}
        return {key: change for key, change in changed.items() if change}

    def _waiting(self) -> list[tuple[JournalId, None]]:
        return [(purchase, None) for purchase, use in self.shares if purchase and use is None]

    def _paid_by(self, purchase: JournalId | None) -> list[Key]:
        """Return what a purchase pays, or what was not bought."""
        return [
            key
            for key in self.shares
            if key[0] == purchase and (purchase is None or key[1] != purchase)
        ]

    def _left(self, credits_: Sequence[Credit], unspent: int) -> Iterator[Credit]:
        """Yield what is left of credit, the last that came first."""
        for credit in reversed(credits_):
            part = min(unspent, credit.amount - self._sum(self._paid_by(credit.journal_id)))
            if part > 0:
                unspent -= part
                yield Credit(credit.journal_id, part)

    def _sum(self, keys: Iterable[Key]) -> int:
        return sum(self.shares[key] for key in keys)

    def _add(self, key: Key, amount: int) -> None:
        if amount:
            self.shares[key] = self.shares.get(key, 0) + amount

    def _release(self, keys: Iterable[Key], amount: int) -> int:
        """Free an amount of shares, as they come; return how much of it there was."""
        left = max(0, amount)
        for key in keys:
            part = min(left, self.shares.get(key, 0))
            left -= part
            self._add(key, -part)
            if not self.shares.get(key):
                self.shares.pop(key, None)
        return max(0, amount) - left
