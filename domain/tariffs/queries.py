"""Reading tariffs."""

from domain.facets import text
from domain.listing import Listing

TARIFFS = Listing(
    table="tariff", columns=("id", "name"), facets=(text("tariff.name"),), order="name"
)
