"""Registered documents, and the inputs and payloads of registering and retiring them."""

import strawberry

from api.schema.node import Node
from api.schema.scalars import DateTime
from api.schema.user_errors import UserError
from db.enums import Scope
from domain.documents.queries import DOCUMENTS
from domain.documents.rules import document_id

REGISTERED_AT_ONCE_MAX = 100


@strawberry.type(description="An operation that is registered, to be run by its hash.")
class RegisteredDocument(Node, listing=DOCUMENTS, scope=Scope.DOCUMENTS_READ):
    partner: str = strawberry.field(description="Whose it is: an application, a firm.")
    name: str = strawberry.field(description="What it is called.")
    operations: list[str] = strawberry.field(description="The names of its operations.")
    cost: int = strawberry.field(
        description="What its dearest operation may cost with no variables given."
    )
    registered_at: DateTime = strawberry.field(description="When it was registered.")
    retired_at: DateTime | None = strawberry.field(
        description="Since when it is refused; null while it may be run."
    )
    version: int = strawberry.field(description="Goes up with each change.")

    @strawberry.field(description="What requests name it by: `sha256:` and the hash of its text.")
    def document_id(self) -> str:
        return document_id(self.row["text_hash"])

    @strawberry.field(description="Its exact text.")
    def text(self) -> str:
        text: str = self.row["body"]
        return text


@strawberry.input(description="A document to register.")
class DocumentInput:
    text: str = strawberry.field(description="The exact text that its hash is made of.")
    name: str | None = strawberry.field(
        default=None, description="What it is called; its operations' names by default."
    )
    document_id: str | None = strawberry.field(
        default=None, description="The id that clients will name it by, to be checked."
    )


@strawberry.input(description="Documents to register: all of them, or none.")
class RegisterDocumentsInput:
    partner: str = strawberry.field(description="Whose they are: an application, a firm.")
    documents: list[DocumentInput] = strawberry.field(
        description=f"At most {REGISTERED_AT_ONCE_MAX}; the command line takes whole manifests."
    )


@strawberry.input(description="A document to retire.")
class RetireDocumentInput:
    id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type(description="How registering documents ended.")
class RegisterDocumentsPayload:
    documents: list[RegisteredDocument] | None = strawberry.field(
        description="The registered documents in the order of the input; null if none was."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Why none was registered; each names its entry by its place in the input."
    )


@strawberry.type(description="How retiring a document ended.")
class RetireDocumentPayload:
    document: RegisteredDocument | None = strawberry.field(description="The document as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why it was not retired.")
