"""Subscribers: the persons and firms that can open accounts."""

from db import access
from db.ids import CompanyId, SubscriberId


async def create(
    *,
    company_id: CompanyId,
    reference: str,
    name: str,
    email: str | None = None,
    phone: str | None = None,
) -> SubscriberId:
    """Add a person or firm that can open accounts."""
    async with access.tenant(company_id) as connection:
        subscriber_id = await connection.fetchval(
            "insert into subscriber (company_id, reference, name, email, phone)"
            " values ($1, $2, $3, $4, $5) returning id",
            company_id,
            reference,
            name,
            email,
            phone,
        )
    return SubscriberId(subscriber_id)
