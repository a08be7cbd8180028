"""Looking at files that are announced."""

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
    key="stored_file.name",
)
