"""Making keys of what is typed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cli.connected import connected
from cli.endings import Refused
from cli.surroundings import now
from db.enums import Scope
from db.ids import CompanyId, DocumentId, KeyId
from db.setting_values import COST_BUDGET_MAX, COST_BUDGET_PER_S_MAX
from domain import refusals
from domain.documents import queries as documents
from domain.documents.rules import hash_named_by
from domain.hierarchy import by_name
from domain.identity.rules import Place
from domain.keys import queries
from domain.keys.rules import Maker, NewKey
from domain.keys.text import shown_prefix

# Whoever sits here may do everything in a company, but not what only the platform may.
PLATFORM = Maker(
    scopes=frozenset(Scope) - {Scope.PLATFORM_WRITE},
    place=Place(),
    cost_max=COST_BUDGET_MAX,
    cost_per_s=COST_BUDGET_PER_S_MAX,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A key to make, as it is typed."""

    name: str
    scopes: Sequence[Scope]
    partner: str | None
    documents: Sequence[str]
    branch: str | None
    field: str | None
    addresses: Sequence[str]
    lifetime: timedelta | None
    cost_max: int | None
    cost_per_s: int | None


def made(work: Callable[[], Awaitable[KeyId]]) -> KeyId:
    """Make a key, or say in a sentence why not.

    :raises Refused: nothing was made
    """
    # The messages come with the schema, which the other commands need not wait for.
    from api.messages import message  # noqa: PLC0415

    try:
        return connected(work)
    except refusals.Refused as refusal:
        facts = {"field": refusal.path[-1] if refusal.path else "input", **refusal.facts}
        said = message(refusal.code(), locale="en", facts=facts)
        raise Refused(f"{facts['field']}: {said}") from refusal


async def new_key(company_id: CompanyId, wanted: Wanted, moment: datetime) -> NewKey:
    """Return the key that is wanted.

    :raises Refused: it names what is not there
    """
    if wanted.branch is not None and wanted.field is not None:
        raise Refused("Name one of --branch and --field.")
    return NewKey(
        name=wanted.name,
        scopes=frozenset(wanted.scopes),
        partner=wanted.partner,
        document_ids=await _document_ids(company_id, wanted),
        place=await _place(company_id, wanted),
        addresses=wanted.addresses,
        cost_max=wanted.cost_max,
        cost_per_s=wanted.cost_per_s,
        expires_at=None if wanted.lifetime is None else moment + wanted.lifetime,
    )


async def _place(company_id: CompanyId, wanted: Wanted) -> Place:
    if wanted.branch is not None:
        branch_id = await by_name.branch(company_id=company_id, name=wanted.branch)
        if branch_id is None:
            raise Refused(f"The company has no branch {wanted.branch}.")
        return Place(branch_id=branch_id)
    if wanted.field is not None:
        field_id = await by_name.field(company_id=company_id, name=wanted.field)
        if field_id is None:
            raise Refused(f"The company has no field {wanted.field}.")
        return Place(field_id=field_id)
    return Place()


async def _document_ids(company_id: CompanyId, wanted: Wanted) -> list[DocumentId] | None:
    if not wanted.documents:
        return None
    live = await documents.listed(company_id=company_id, partner=wanted.partner)
    hashes = {hash_named_by(text): text for text in wanted.documents}
    found = {one.text_hash: one.id for one in live if one.text_hash in hashes}
    if missing := [text for one, text in hashes.items() if one is None or one not in found]:
        raise Refused(f"There is no such document: {', '.join(missing)}.")
    return list(found.values())


async def found_key(company_id: CompanyId, which: str) -> KeyId:
    """Return the live key of that prefix or name.

    :raises Refused: there is none, or there are two
    """
    live = await queries.listed(company_id=company_id, ended=False, now=now())
    found = [key.id for key in live if which in {key.name, shown_prefix(key.id)}]
    if len(found) == 1:
        return found[0]
    if found:
        prefixes = ", ".join(shown_prefix(key_id) for key_id in found)
        raise Refused(f"Name one key by its prefix: {prefixes}.")
    raise Refused(f"There is no live key {which}.")
