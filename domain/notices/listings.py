"""Looking at notices of overdue invoices."""

from domain.facets import id_of, instant, whole
from domain.listing import Listing, Relation

NOTICES = Listing(
    table="overdue_notice",
    columns=(
        "id",
        "invoice_id",
        "number",
        "issued_at",
        "open_micro",
        "(select c.currency from company c where c.id = overdue_notice.company_id) as currency",
        "delivered_at",
        "delivery_method",
        "delivery_evidence",
        "message_id",
        "version",
    ),
    facets=(
        instant("overdue_notice.issued_at"),
        instant("overdue_notice.delivered_at", nullable=True),
        whole("overdue_notice.number"),
        id_of("invoice", "overdue_notice.invoice_id"),
    ),
    order="issued_at",
)
NOTICES_OF_INVOICE = Relation(NOTICES, "overdue_notice.invoice_id = parent.id")
