"""The words of the database as the schema shows them, each with its meaning."""

from api.schema.enums import (  # noqa: F401 - each describes the words of its subject
    accounts,
    identity,
    invoices,
    longwork,
    messages,
    metering,
    search,
    tariffs,
    topups,
)
