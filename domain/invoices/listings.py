"""Looking at invoices, with their lines and taxes, and at what pays them."""

from collections import defaultdict
from collections.abc import Sequence

from db.access import Connection
from db.enums import InvoiceKind, InvoiceState
from domain.facets import Via, date, id_of, instant, money, text, word
from domain.invoices.rules import Parts
from domain.invoices.stored import line_of, tax_of
from domain.listing import Listing, Record, Relation, Wall, fetch

OPEN_MICRO = """(
    case when invoice.kind = 'CREDIT_NOTE' then 0
        else invoice.total_micro - invoice.paid_micro - invoice.credited_micro end)"""
# What `rules.state` says, for the database to ask of every invoice; a test holds them together.
STATE = """(
    case
        when invoice.kind = 'CREDIT_NOTE' then 'ISSUED'
        when invoice.credited_micro > 0 and invoice.credited_micro = invoice.total_micro
            then 'CANCELLED'
        when invoice.paid_micro + invoice.credited_micro = invoice.total_micro then 'PAID'
        when invoice.due_date < ({now}::timestamptz at time zone (
            select c.time_zone from company c where c.id = invoice.company_id))::date then 'OVERDUE'
        when invoice.paid_micro > 0 then 'PARTLY_PAID'
        else 'ISSUED'
    end)"""
_ACCOUNT = "account.company_id = invoice.company_id and account.id = invoice.account_id"

INVOICES = Listing(
    table="invoice",
    columns=(
        "id",
        "account_id",
        "kind",
        "number",
        "month",
        "issued_at",
        "issue_date",
        "due_date",
        "currency",
        "lines_micro",
        "tax_micro",
        "rounding_micro",
        "total_micro",
        "paid_micro",
        "credited_micro",
        f"{OPEN_MICRO} as open_micro",
        f"{STATE} as state",
        "is_estimated",
        "refers_to",
        "journal_id",
        "reason",
        *(
            f"(select e.{column} from einvoice e where e.company_id = invoice.company_id"
            f" and e.invoice_id = invoice.id) as einvoice_{column}"
            for column in ("state", "uuid", "error")
        ),
    ),
    facets=(
        instant("invoice.issued_at"),
        text("invoice.number"),
        word("invoice.kind", InvoiceKind),
        word(STATE, InvoiceState, name="state"),
        date("invoice.issue_date"),
        date("invoice.due_date"),
        date("invoice.month", nullable=True),
        money("invoice.total_micro", name="total"),
        money(OPEN_MICRO, name="open"),
        id_of("account", "invoice.account_id"),
        id_of("subscriber", "account.subscriber_id", via=Via("account", "account", _ACCOUNT)),
    ),
    order="issued_at",
    newest_first=True,
)
INVOICES_OF_ACCOUNT = Relation(INVOICES, "invoice.account_id = parent.id")
CREDIT_NOTES_OF_INVOICE = Relation(INVOICES, "invoice.refers_to = parent.id")

PARTS = """
    select l.* from invoice_line l
    join invoice on invoice.company_id = l.company_id and invoice.id = l.invoice_id
    where l.company_id = {{company}} and l.invoice_id = any({{ids}}::int8[]) and {wall}
    order by l.invoice_id, l.line
"""
TAXES = """
    select t.* from invoice_tax t
    join invoice on invoice.company_id = t.company_id and invoice.id = t.invoice_id
    where t.company_id = {{company}} and t.invoice_id = any({{ids}}::int8[]) and {wall}
    order by t.invoice_id, t.name
"""
ALLOCATIONS = """
    select a.*, c.currency from allocation a
    join payment on payment.company_id = a.company_id and payment.id = a.payment_id
    join company c on c.id = a.company_id
    where a.company_id = {{company}} and a.{of} = any({{ids}}::int8[]) and a.released_at is null
        and {wall}
    order by a.{of}, a.id
"""


async def parts(
    connection: Connection, invoice_ids: Sequence[int], *, wall: Wall
) -> dict[int, Parts]:
    """Return the lines and taxes of the invoices that the wall lets through, by invoice."""
    values = {**wall.values, "ids": list(invoice_ids)}
    condition = wall.condition("invoice")
    lines, taxes = defaultdict(list), defaultdict(list)
    for row in await fetch(connection, PARTS.format(wall=condition), values):
        lines[row["invoice_id"]].append(line_of(row))
    for row in await fetch(connection, TAXES.format(wall=condition), values):
        taxes[row["invoice_id"]].append(tax_of(row))
    return {invoice_id: Parts(lines[invoice_id], taxes[invoice_id]) for invoice_id in lines}


async def allocations(
    connection: Connection, ids: Sequence[int], *, of: str, wall: Wall
) -> dict[int, list[Record]]:
    """Return what pays what, as it stands. of: `invoice_id` or `payment_id`, which `ids` are."""
    template = ALLOCATIONS.format(of=of, wall=wall.condition("payment"))
    found = defaultdict(list)
    for row in await fetch(connection, template, {**wall.values, "ids": list(ids)}):
        found[row[of]].append(row)
    return dict(found)
