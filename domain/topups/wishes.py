"""What somebody wants to buy, and why it cannot be bought so. Not here: buying it."""

from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlsplit

from db.enums import PaymentWay
from db.ids import AccountId, SavedCardId
from domain import values
from domain.accounts.suspension import AccountClosed
from domain.currencies import is_payable
from domain.ledger.posting import hash_of
from domain.listing import Record
from domain.money import major, micro
from domain.refusals import InvalidValue, Refused
from domain.topups.gateway import PaymentGateway

URL_CHARACTERS_MAX = 2_000
INSTALMENTS_MAX = 60
WAITING_MAX = 20
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class TopUpAmountOutOfRange(Refused):
    """The company sells credit from `minimum` to `maximum` at a time, in `currency`."""

    def __init__(self, minimum: Decimal, maximum: Decimal, currency: str) -> None:
        super().__init__("amount", minimum=minimum, maximum=maximum, currency=currency)
        self.minimum = minimum
        self.maximum = maximum
        self.currency = currency


class PaymentsNotSetUp(Refused):
    """Nobody takes payments here, or not any more the provider that this was paid through."""


class PaymentUnavailable(Refused):
    """The provider does not answer now; the same key may be used again, and pays once."""


class PaymentRefused(Refused):
    """The provider refused the payment: `reason`."""


class AccountSuspended(Refused):
    """Nothing is bought by itself for an account that is suspended."""


class TopUpLapsed(Refused):
    """The top-up cannot be paid any more; another key starts another one."""


class TooManyTopUps(Refused):
    """Up to `limit` top-ups of an account may wait to be paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to buy.

    amount: major units of the company's currency. card_id: of a SAVED_CARD. return_url: where the
    provider's page sends the payer back. is_present: whether the payer can be asked for anything.
    """

    account_id: AccountId
    amount: Decimal
    way: PaymentWay = PaymentWay.CHECKOUT
    card_id: SavedCardId | None = None
    save_card: bool = False
    return_url: str | None = None
    instalments: int = 1
    is_present: bool = True

    @property
    def request_hash(self) -> bytes:
        parts = (
            f"{self.account_id}/{micro(self.amount)}/{self.way}/{self.card_id}/{self.save_card}"
            f"/{self.instalments}/{self.return_url}"
        )
        return hash_of(parts)


def check(wish: Wish) -> None:
    """Return if a wish makes sense by itself.

    :raises InvalidValue: it does not
    """
    values.money(wish.amount, "amount")
    values.whole_number(wish.instalments, "instalments", minimum=1, maximum=INSTALMENTS_MAX)
    if (wish.way is PaymentWay.SAVED_CARD) != (wish.card_id is not None):
        raise InvalidValue("saved_card_id", expected="a card, if it pays, and none otherwise")
    if wish.way is PaymentWay.CHECKOUT or wish.return_url is not None:
        _check_url(wish.return_url or "")


def _check_url(url: str) -> None:
    expected = "a URL of https, where the payer comes back"
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise InvalidValue("return_url", expected=expected) from None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    if not (is_safe and host and len(url) <= URL_CHARACTERS_MAX and url.isprintable()):
        raise InvalidValue("return_url", expected=expected)


def check_facts(wish: Wish, facts: Record, gateway: PaymentGateway) -> None:
    """Return if the account, its company and the provider let it be bought now.

    :raises TopUpAmountOutOfRange, AccountClosed, AccountSuspended, TooManyTopUps, InvalidValue:
        they do not
    """
    if facts["closed_at"] is not None:
        raise AccountClosed("account_id")
    if facts["suspended_at"] is not None and not wish.is_present:
        raise AccountSuspended("account_id")
    check_amount(wish.amount, facts)
    if wish.way not in gateway.ways:
        raise InvalidValue("way", expected=", ".join(sorted(gateway.ways)))
    if wish.instalments > gateway.instalments_max:
        raise InvalidValue("instalments", expected=f"1 to {gateway.instalments_max}")
    if facts["waiting"] >= WAITING_MAX:
        raise TooManyTopUps("account_id", limit=WAITING_MAX)


def check_amount(amount: Decimal, facts: Record) -> None:
    """Return if the company sells this much credit at a time.

    :raises TopUpAmountOutOfRange, InvalidValue: it does not
    """
    minimum, maximum = major(facts["top_up_minimum_micro"]), major(facts["top_up_maximum_micro"])
    if not minimum <= amount <= maximum:
        raise TopUpAmountOutOfRange(minimum, maximum, facts["currency"])
    if not is_payable(amount, facts["currency"]):
        raise InvalidValue("amount", expected="an amount that can be paid in coins")
