"""Registered documents for tests of the API."""

from datetime import datetime

from api.root import api_schema
from db.ids import CompanyId, DocumentId
from domain.documents import operations
from domain.documents.rules import document_id, hash_of
from tests.factories import NOW

REVIEW = api_schema().review


async def register(
    company_id: CompanyId, text: str, *, partner: str = "console", now: datetime = NOW
) -> DocumentId:
    """Register a document that fits the schema."""
    documents = [REVIEW.registration(text)]
    (registered,) = await operations.register(
        company_id=company_id, partner=partner, documents=documents, now=now
    )
    return registered


def id_of(text: str) -> str:
    return document_id(hash_of(text))
