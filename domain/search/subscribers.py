"""Finding subscribers by what is personal about them. Only for those who may see it."""

from db.enums import Scope
from domain.accounts.queries import SUBSCRIBERS
from domain.search.ways import MatchedIn, SearchType, Values, Way

PHONE_DIGITS_MIN = 4
# Of a number within its country: what comes before it is written in several ways.
PHONE_DIGITS_MAX = 10
DIGITS_WRITTEN = frozenset("0123456789")
AROUND_DIGITS = frozenset(" +-./()")
DIGITS = "regexp_replace(phone, '[^0-9]', '', 'g')"


def _name(text: str) -> Values:
    return {"text": text}


def _phone(text: str) -> Values | None:
    if set(text) - DIGITS_WRITTEN - AROUND_DIGITS:
        return None
    # The zeros before a number are dialled, but not part of it.
    digits = "".join(letter for letter in text if letter in DIGITS_WRITTEN).lstrip("0")
    return {"digits": digits[-PHONE_DIGITS_MAX:]} if len(digits) >= PHONE_DIGITS_MIN else None


BY_NAME = Way(
    type=SearchType.SUBSCRIBER,
    rows=SUBSCRIBERS,
    matched_in=MatchedIn.NAME,
    found="""
        select id, letters from (
            select id, folded(name) as letters from subscriber where company_id = {company}
        ) named
        where strpos(letters, folded({text}::text)) > 0""",
    wanted="folded({text}::text)",
    values=_name,
    scope=Scope.SUBSCRIBERS_CONTACT,
)
BY_PHONE = Way(
    type=SearchType.SUBSCRIBER,
    rows=SUBSCRIBERS,
    matched_in=MatchedIn.PHONE,
    found=f"""
        select id, letters from (
            select id, right({DIGITS}, {PHONE_DIGITS_MAX}) as letters from subscriber
            where company_id = {{company}}
        ) called
        where strpos(letters, {{digits}}::text) > 0""",
    wanted="{digits}::text",
    values=_phone,
    scope=Scope.SUBSCRIBERS_CONTACT,
)
CONTACT_WAYS = (BY_NAME, BY_PHONE)
