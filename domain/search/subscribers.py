"""Finding subscribers by what is personal about them. Only for those who may see it.

What they are called is nowhere in the clear: keyed hashes of the text are looked up instead. So an
e-mail and a telephone number have to be whole, and of a name every word of the text has to be how
one of its words begins, from three letters on.
"""

from collections.abc import Iterable

from db.enums import Scope
from db.ids import CompanyId
from domain.accounts.queries import SUBSCRIBERS
from domain.search.ways import MatchedIn, SearchType, Values, Way
from domain.subscribers import rules
from domain.subscribers.keyring import Keyring
from domain.subscribers.rules import Index

# As `letters` are to be equal to nothing at all: the whole is, and a beginning only begins so.
FOUND = """
    select t.subscriber_id as id,
        case when bool_or(t.token = {{{kind}_whole}}::bytea) then '' else '-' end as letters
    from contact_token t
    where t.company_id = {{company}} and t.kind = '{kind}'
        and t.token = any({{{kind}}}::bytea[] || {{{kind}_whole}}::bytea)
    group by t.subscriber_id
    having count(*) filter (where t.token = any({{{kind}}}::bytea[]))
        = cardinality({{{kind}}}::bytea[])"""
MATCHED_IN = {
    Index.NAME: MatchedIn.NAME,
    Index.PHONE: MatchedIn.PHONE,
    Index.EMAIL: MatchedIn.EMAIL,
}


def contact_ways(keyring: Keyring, company_id: CompanyId) -> tuple[Way, ...]:
    """Return the ways to find a company's subscribers by name, telephone number and e-mail."""
    return tuple(_Contacts(keyring, company_id).way(kind) for kind in MATCHED_IN)


class _Contacts:
    def __init__(self, keyring: Keyring, company_id: CompanyId) -> None:
        self._keyring = keyring
        self._company_id = company_id

    def way(self, kind: Index) -> Way:
        return Way(
            type=SearchType.SUBSCRIBER,
            rows=SUBSCRIBERS,
            matched_in=MATCHED_IN[kind],
            found=FOUND.format(kind=kind),
            wanted="''",
            values=lambda text: self._values(kind, text),
            scope=Scope.SUBSCRIBERS_CONTACT,
        )

    def _values(self, kind: Index, text: str) -> Values | None:
        keys, whole = _wanted(kind, text)
        if not keys:
            return None
        return {kind.value: self._blind(kind, keys), f"{kind}_whole": self._blind(kind, [whole])[0]}

    def _blind(self, kind: Index, keys: Iterable[str]) -> list[bytes]:
        return [
            self._keyring.blind(key, company_id=self._company_id, kind=kind) for key in sorted(keys)
        ]


def _wanted(kind: Index, text: str) -> tuple[set[str], str]:
    """Return what a subscriber has to be found by, and what by if the text is all of it."""
    if kind is Index.NAME:
        return {rules.prefix(word) for word in rules.words(text)}, rules.whole_name(text)
    if kind is Index.PHONE:
        keys = rules.phone_key(text) if rules.is_phone(text) else set()
    else:
        keys = rules.email_key(text) if "@" in text else set()
    return keys, next(iter(keys), "")
