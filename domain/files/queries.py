"""Looking at files that are announced."""

from domain.facets import instant, text
from domain.listing import Listing

UPLOADS = Listing(
    table="stored_file",
    columns=(
        "id",
        "name",
        "mime_type",
        "size",
        "state",
        "created_by",
        "created_by_key",
        "expires_at",
    ),
    facets=(text("stored_file.name"), instant("stored_file.expires_at")),
    order="expires_at",
)
