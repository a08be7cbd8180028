"""Documents that companies have registered: looked up by hash, and parsed and validated once.

Every use that is not quite fresh asks the database again, so that a retired document is refused
within seconds by each process.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from api.caller import NO_COMPANY, Caller, CallingKey
from api.documents import Document, Documents
from api.errors import DocumentNotFound
from db.ids import CompanyId
from domain.documents.queries import Use, text_of, uses

FRESH_FOR = timedelta(seconds=2)
KEPT_MAX = 1_000
# Of all together: parsed, a character takes 160 bytes.
KEPT_CHARACTERS_MAX = 512 * 1024

Key: TypeAlias = tuple[CompanyId, bytes]


@dataclass(frozen=True, slots=True)
class _Kept:
    document: Document
    uses: Sequence[Use]
    read_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        # A clock that was set back must not keep it for longer.
        return abs(now - self.read_at) < FRESH_FOR


class RegisteredDocuments:
    """The registered documents of all companies; those used last are kept."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._kept_characters = 0

    async def get(self, text_hash: bytes, caller: Caller | None, *, now: datetime) -> Document:
        """Return the document with this hash that the caller's company has registered.

        A key runs those of its partner alone, and of its list, if it has them.

        :raises DocumentNotFound: there is none, or not any more
        :raises InvalidDocument: it does not fit the schema any more
        """
        if caller is None or caller.company_id == NO_COMPANY:
            raise DocumentNotFound
        kept = await self._found(caller.company_id, text_hash, now)
        if kept is None or not any(_may_run(caller.key, use) for use in kept.uses):
            raise DocumentNotFound
        return kept.document

    async def _found(self, company_id: CompanyId, text_hash: bytes, now: datetime) -> _Kept | None:
        key = (company_id, text_hash)
        kept = self._kept.get(key)
        if kept is None or not kept.is_fresh(now):
            kept = await self._read(key, kept, now)
        if kept is None:
            self._forget(key)
            return None
        self._keep(key, kept)
        return kept

    def _keep(self, key: Key, kept: _Kept) -> None:
        self._forget(key)
        self._kept[key] = kept
        self._kept_characters += len(kept.document.text)
        while len(self._kept) > KEPT_MAX or self._kept_characters > KEPT_CHARACTERS_MAX:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._kept_characters -= len(kept.document.text)

    async def _read(self, key: Key, kept: _Kept | None, now: datetime) -> _Kept | None:
        company_id, text_hash = key
        live = await uses(company_id=company_id, text_hash=text_hash)
        if not live:
            return None
        if kept is not None:
            return _Kept(kept.document, live, now)
        text = await text_of(company_id=company_id, text_hash=text_hash)
        return None if text is None else _Kept(self._documents.get(text), live, now)


def _may_run(key: CallingKey | None, use: Use) -> bool:
    return key is None or (
        (key.partner is None or key.partner == use.partner)
        and (key.document_ids is None or use.document_id in key.document_ids)
    )
