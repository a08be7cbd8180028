"""Making letters of queued messages at the moment that they are sent.

Nobody's address or token waits in the queue.
"""

from dataclasses import dataclass
from urllib.parse import quote

from db.enums import MessageChannel
from domain.identity.keys import Keys
from domain.messages.operations import Kept, Waiting
from domain.messages.wording import Words
from domain.subscribers.keyring import Keyring

TAG_CHARACTERS = 16
DIGITS_MAX = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message as it goes out. id: the same at every attempt, and nobody else can guess it.

    to: an e-mail address or a telephone number. html: None where it is short, and has no subject.
    kept: what is kept of it, where it tells nothing that opens doors.
    """

    id: str
    channel: MessageChannel = MessageChannel.MAIL
    to: str
    subject: str
    text: str
    html: str | None = None
    kept: Kept | None = None


class NoAddress(Exception):
    """The subscriber cannot be reached by this channel. Trying again does not help."""


@dataclass(frozen=True, slots=True)
class Office:
    """What letters are made with. public_url: of the front end, without a slash at its end."""

    keys: Keys
    keyring: Keyring
    public_url: str

    # Behind `#`, so that no server on the way writes the token into its log.
    def link(self, page: str, token: str) -> str:
        return f"{self.public_url}/{page}#token={token}"

    def account_link(self, page: str, account: str, invoice: str | None = None) -> str:
        """Return where an account is seen to. invoice: the number of the one that opens there."""
        rest = "" if invoice is None else f"&invoice={quote(invoice, safe='')}"
        return f"{self.public_url}/{page}#account={quote(account, safe='')}{rest}"

    def letter(self, message: Waiting, *, to: str, words: Words, kept: Kept | None) -> Letter:
        return Letter(
            id=letter_id(self.keys, message.company_id, message.id),
            channel=message.channel,
            to=to,
            subject=words.subject,
            text=words.text,
            html=words.html,
            kept=kept,
        )


def letter_id(keys: Keys, company_id: int, message_id: int) -> str:
    """Return what a message is called outside: who was not sent it cannot say what became of it."""
    name = f"{company_id}.{message_id}"
    return f"{name}.{keys.link_token(f'message {name}')[:TAG_CHARACTERS]}"


def message_of(keys: Keys, text: str) -> tuple[int, int] | None:
    """Return the company and the message that a letter's id names; None if it is none of ours."""
    company, _, rest = text.partition(".")
    number, _, _ = rest.partition(".")
    if not (company.isdecimal() and number.isdecimal() and company.isascii() and number.isascii()):
        return None
    if max(len(company), len(number)) > DIGITS_MAX:
        return None
    named = int(company), int(number)
    return named if letter_id(keys, *named) == text else None
