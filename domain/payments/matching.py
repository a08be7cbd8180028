"""Whose money a bank transfer is. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from db.ids import AccountId, InvoiceId

WORD = re.compile(r"[0-9A-Za-z][0-9A-Za-z/._-]*")
WORDS_MAX = 100
# Shorter numbers stand in texts for many other things: a floor, a month, a year.
ACCOUNT_NUMBER_CHARACTERS_MIN = 5


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice that a transfer may be for. open_micro: what is still to be paid of it."""

    invoice_id: InvoiceId
    account_id: AccountId
    open_micro: int


@dataclass(frozen=True, slots=True)
class Match:
    """Whose money it is; invoice_id: which invoice it pays first, if it says so."""

    account_id: AccountId
    invoice_id: InvoiceId | None


@dataclass(frozen=True, slots=True)
class Guess:
    """A person has to say; suggestion: the one open invoice of just that amount."""

    suggestion: InvoiceId | None


def words(text: str) -> list[str]:
    """Return what may be numbers of invoices or accounts, without a full stop at their end."""
    return [word.rstrip("._-/") for word in WORD.findall(text)[:WORDS_MAX]]


def proves(number: str, text: str) -> bool:
    """Return whether an account's number in a text says whose money it is.

    A short one does only where it is all that is said.
    """
    return len(number) >= ACCOUNT_NUMBER_CHARACTERS_MIN or text.strip() == number


def judged(
    *,
    named: Sequence[OpenInvoice],
    accounts: Sequence[AccountId],
    doubtful: Sequence[AccountId] = (),
    alike: Sequence[InvoiceId],
) -> Match | Guess:
    """Return whose money it is.

    named: invoices whose numbers it has. accounts: those whose numbers prove it. doubtful: those
    whose numbers do not. alike: open invoices of just its amount, which alone proves nothing.
    """
    whose = {invoice.account_id for invoice in named} | set(accounts)
    if len(whose) == 1 and whose.issuperset(doubtful):
        still_open = [invoice.invoice_id for invoice in named if invoice.open_micro > 0]
        return Match(whose.pop(), still_open[0] if len(still_open) == 1 else None)
    return Guess(alike[0] if len(alike) == 1 and not whose else None)
