"""Reviewing documents of files, and registering them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.company_choice import chosen_company
from cli.connected import connected
from cli.documents.show import show_registered
from cli.endings import Refused
from cli.surroundings import now
from domain.documents import operations
from domain.documents.manifests import Entry
from domain.documents.rules import Registration, Unregistrable

if TYPE_CHECKING:
    from api.documents_review import Review


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one entry. fault: None when nothing is wrong with it."""

    label: str
    registration: Registration | None
    fault: str | None


def reviewing(schema: Path | None) -> "Review":
    """Return the review against a schema in a file, or against this release's.

    :raises Refused: the file has none
    """
    # Building the schema takes a while, which the other commands need not wait for.
    from api.documents_review import Review, UnreadableSchema  # noqa: PLC0415

    if schema is None:
        from api.root import api_schema  # noqa: PLC0415

        return api_schema().review
    try:
        return Review.against_text(schema.read_text())
    except UnreadableSchema as error:
        raise Refused(f"{schema} is no schema: {error}.") from error


def register_entries(found: Sequence[Entry], *, partner: str, company: str | None) -> None:
    """Register documents of files: all, or none, with what is wrong about each.

    :raises Refused: nothing was registered
    """
    review = reviewing(None)
    verdicts = [_verdict(review, entry) for entry in found]
    faulty = [verdict for verdict in verdicts if verdict.fault is not None]
    if faulty:
        lines = [f"  {verdict.label}: {verdict.fault}" for verdict in faulty]
        of = f"{len(faulty)} of {len(verdicts)} documents cannot be registered; none was:"
        raise Refused("\n".join([of, *lines]))
    documents = [one.registration for one in verdicts if one.registration is not None]

    async def work() -> None:
        company_id = (await chosen_company(company)).company_id
        await operations.register(
            company_id=company_id, partner=partner, documents=documents, now=now()
        )

    try:
        connected(work)
    except Unregistrable as error:
        raise Refused(f"Nothing was registered: {error}.") from error
    except operations.TooManyDocuments as error:
        raise Refused(f"Nothing was registered: at most {error.facts['limit']} may be.") from error
    show_registered(documents)


def _verdict(review: "Review", entry: Entry) -> Verdict:
    if entry.fault is not None:
        return Verdict(entry.label, None, entry.fault)
    try:
        return Verdict(entry.label, review.registration(entry.text, name=entry.name), None)
    except Unregistrable as error:
        return Verdict(entry.label, None, str(error))


def entry_of(file: Path) -> Entry:
    try:
        return Entry(str(file), file.stem, file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return Entry(str(file), None, "", "it is not UTF-8")
