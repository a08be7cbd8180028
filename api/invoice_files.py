"""Fetching pictures of invoices by signed URLs. A refused URL is told a status and nothing else."""

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.file_tokens import FileRight, FileTokenExpired, FileTokens, InvalidFileToken, Purpose
from api.files import PRIVATE
from db.ids import InvoiceDocumentId
from domain.invoices import documents
from domain.refusals import NotThere
from domain.subscribers.keyring import Keyring

PATH = "/invoices/{token}"


def path_of(tokens: FileTokens, right: FileRight) -> str:
    """Return the path of the URL that gives the right."""
    return PATH.format(token=tokens.sign(right))


def invoice_routes(
    tokens: FileTokens, *, keyring: Keyring, clock: Callable[[], datetime]
) -> list[Route]:
    """Return the route of fetching pictures."""

    async def fetch(request: Request) -> Response:
        try:
            right = tokens.read(request.path_params["token"], Purpose.INVOICE, now=clock())
            name, content = await documents.content(
                company_id=right.company_id,
                document_id=InvoiceDocumentId(right.file_id),
                keyring=keyring,
            )
        except InvalidFileToken:
            return Response(status_code=404, headers=PRIVATE)
        except (FileTokenExpired, NotThere):
            return Response(status_code=410, headers=PRIVATE)
        headers = {
            **PRIVATE,
            "Content-Type": documents.MIME_TYPE,
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Referrer-Policy": "no-referrer",
        }
        return Response(content, headers=headers)

    return [Route(PATH, fetch, methods=["GET"])]
