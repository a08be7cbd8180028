"""Registered documents: listing, registering, retiring."""

import asyncio
from typing import Annotated, cast

import strawberry

from api.context import Info
from api.documents_review import Review
from api.errors import BadUserInput
from api.mutations import check_whole_company, ended, seen, user_error
from api.permissions.requires import requires
from api.schema.documents import (
    REGISTERED_AT_ONCE_MAX,
    DocumentInput,
    RegisterDocumentsInput,
    RegisterDocumentsPayload,
    RegisteredDocument,
    RetireDocumentInput,
    RetireDocumentPayload,
)
from api.schema.paging import Connection
from api.schema.relations import listed
from db.enums import Scope
from db.ids import DocumentId
from domain import listing
from domain.documents import operations
from domain.documents.queries import DOCUMENTS
from domain.documents.rules import Registration, Unregistrable, document_id
from domain.refusals import Refused

Registered = Annotated[
    RegisterDocumentsInput, strawberry.argument(description="The documents, and whose they are.")
]
Retired = Annotated[RetireDocumentInput, strawberry.argument(description="Which document.")]


@strawberry.type
class DocumentQuery:
    documents: Connection[RegisteredDocument] | None = listed(
        DOCUMENTS, "Registered documents, by name.", scope=Scope.DOCUMENTS_READ
    )


@strawberry.type
class DocumentMutation:
    @strawberry.mutation(
        description="Register documents, all or none. What is registered already stays as it is.",
        extensions=[requires(Scope.DOCUMENTS_WRITE)],
    )
    async def register_documents(
        self, info: Info, input: Registered
    ) -> RegisterDocumentsPayload | None:
        check_whole_company(info)
        if not 1 <= len(input.documents) <= REGISTERED_AT_ONCE_MAX:
            raise BadUserInput("input.documents", f"expected 1 to {REGISTERED_AT_ONCE_MAX}")
        found = await _reviewed(_review(info), input.documents)
        refusals: list[Refused] = [one for one in found if isinstance(one, Refused)]
        if not refusals:
            try:
                return await _registered(info, input.partner, cast("list[Registration]", found))
            except Refused as refusal:
                refusals = [refusal]
        errors = [await user_error(info, RegisteredDocument, refusal) for refusal in refusals]
        return RegisterDocumentsPayload(documents=None, user_errors=errors)

    @strawberry.mutation(
        description="Refuse a document from now on, in every process within seconds.",
        extensions=[requires(Scope.DOCUMENTS_WRITE)],
    )
    async def retire_document(self, info: Info, input: Retired) -> RetireDocumentPayload | None:
        check_whole_company(info)
        row_id = DocumentId(await seen(info, RegisteredDocument, input.id))
        return await ended(info, RetireDocumentPayload, RegisteredDocument, _retired(info, row_id))


def _review(info: Info) -> Review:
    review: Review = info.schema.review  # type: ignore[attr-defined] # ApiSchema, which knows us
    return review


async def _reviewed(
    review: Review, documents: list[DocumentInput]
) -> list[Registration | Unregistrable]:
    """Return what may be registered, or why it may not, in the order of the input."""
    found: list[Registration | Unregistrable] = []
    for number, document in enumerate(documents):
        try:
            found.append(_registration(review, document))
        except Unregistrable as refusal:
            part = refusal.path or ("text",)
            found.append(Unregistrable(refusal.reason, "documents", str(number), *part))
        # Others are served between two documents.
        await asyncio.sleep(0)
    return found


def _registration(review: Review, document: DocumentInput) -> Registration:
    registration = review.registration(document.text, name=document.name)
    if document.document_id not in {None, document_id(registration.text_hash)}:
        raise Unregistrable("the id is not that of the text", "document_id")
    return registration


async def _registered(
    info: Info, partner: str, documents: list[Registration]
) -> RegisterDocumentsPayload:
    ids = await operations.register(
        company_id=info.context.signed_in.company_id,
        partner=partner,
        documents=documents,
        now=info.context.clock(),
    )
    reach = info.context.loaders.reach
    if RegisteredDocument.scope not in info.context.signed_in.scopes:
        return RegisterDocumentsPayload(documents=None, user_errors=[])
    async with reach.connection() as connection:
        rows = await listing.by_ids(connection, DOCUMENTS, ids, wall=reach.wall)
    shown = [RegisteredDocument.of(rows[row_id]) for row_id in ids]
    return RegisterDocumentsPayload(documents=shown, user_errors=[])


async def _retired(info: Info, row_id: DocumentId) -> int:
    await operations.retire(
        company_id=info.context.signed_in.company_id,
        document_ids=[row_id],
        now=info.context.clock(),
    )
    return row_id
