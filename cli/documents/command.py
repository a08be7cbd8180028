"""Registered documents from the command line: registering, listing, retiring, checking."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.company_choice import chosen_company
from cli.connected import connected
from cli.documents.registering import entry_of, register_entries, reviewing
from cli.documents.show import show_broken, show_list
from cli.endings import REFUSED, Refused
from cli.surroundings import now
from db.ids import CompanyId
from domain.companies.queries import companies
from domain.documents import operations, queries
from domain.documents.manifests import Tool, UnreadableManifest, entries
from domain.documents.rules import document_id, hash_named_by

if TYPE_CHECKING:
    from api.documents_review import Review

commands = typer.Typer(no_args_is_help=True, help="Registered documents.")

Partner = Annotated[str, typer.Option(help="Whose documents they are: an application, a firm.")]
Company = Annotated[
    str | None, typer.Option(help="Name or number of the company; the only one by default.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON list, for programs.")]


@commands.command()
def register(
    files: Annotated[list[Path], typer.Argument(help="GraphQL documents, one a file.")],
    partner: Partner,
    company: Company = None,
) -> None:
    """Register documents: all, or none if one is not valid."""
    register_entries([entry_of(file) for file in files], partner=partner, company=company)


@commands.command(name="import")
def import_(
    manifest: Annotated[Path, typer.Argument(help="What the front end's tool has written.")],
    partner: Partner,
    company: Company = None,
    tool: Annotated[
        Tool | None, typer.Option(help="What wrote it.", show_default="told by its shape")
    ] = None,
) -> None:
    """Register the documents of a manifest: all, or none if one is not valid."""
    try:
        found = entries(manifest.read_bytes(), tool=tool)
    except UnreadableManifest as error:
        raise Refused(f"{manifest} is no manifest: {error}.") from error
    register_entries(found, partner=partner, company=company)


@commands.command(name="list")
def list_(
    company: Company = None,
    partner: Annotated[str | None, typer.Option(help="Only this partner's.")] = None,
    retired: Annotated[bool, typer.Option("--retired", help="Those that are retired too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List registered documents."""

    async def work() -> list[queries.ListedDocument]:
        company_id = (await chosen_company(company)).company_id
        return await queries.listed(company_id=company_id, partner=partner, retired=retired)

    show_list(connected(work), as_json=as_json)


@commands.command()
def retire(
    ids: Annotated[list[str], typer.Argument(help="Documents' ids: sha256:…")],
    partner: Partner,
    company: Company = None,
) -> None:
    """Refuse a partner's documents from now on: all, or none if one is not there."""
    hashes = [_hash_of(one) for one in ids]

    async def work() -> None:
        company_id = (await chosen_company(company)).company_id
        live = await queries.listed(company_id=company_id, partner=partner)
        of_hash = {document.text_hash: document.id for document in live}
        if missing := [document_id(one) for one in hashes if one not in of_hash]:
            raise Refused(f"{partner} has no such document: {', '.join(missing)}.")
        document_ids = [of_hash[one] for one in hashes]
        await operations.retire(company_id=company_id, document_ids=document_ids, now=now())

    connected(work)
    typer.echo(f"{len(hashes)} retired.")


@commands.command()
def check(
    schema: Annotated[
        Path | None,
        typer.Option(help="A schema in a file.", show_default="the schema of this release"),
    ] = None,
    company: Annotated[
        str | None, typer.Option(help="Name or number.", show_default="all companies")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Name every registered document that a schema would break, and fail if there is one."""
    review = reviewing(schema)

    async def work() -> list[dict[str, str]]:
        if company is None:
            ids = [one.company_id for one in await companies()]
        else:
            ids = [(await chosen_company(company)).company_id]
        return await _broken(review, ids)

    broken = connected(work)
    if as_json:
        typer.echo(json.dumps(broken, indent=2, ensure_ascii=False))
    else:
        show_broken(broken)
    if broken:
        raise typer.Exit(REFUSED)


async def _broken(review: "Review", company_ids: Sequence[CompanyId]) -> list[dict[str, str]]:
    return [
        {
            "company": document.company_name,
            "partner": document.partner,
            "name": document.name,
            "documentId": document_id(document.text_hash),
            "reason": fault,
        }
        async for document in queries.live_documents(company_ids=company_ids)
        if (fault := review.fault(document.text)) is not None
    ]


def _hash_of(text: str) -> bytes:
    found = hash_named_by(text)
    if found is None:
        raise Refused(f"{text} is no document's id: expected sha256: and 64 hexadecimal digits.")
    return found
