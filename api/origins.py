"""Which web pages may use the API: those of the server's own origin, and those that are named.

No token of ours is in a cookie, so that a foreign page has none to send; this is for those that a
user has been talked into giving one.
"""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Scope

from api.auth import COMPANY_HEADER

# PUT is for the signed addresses that uploads go to.
METHODS = ("GET", "POST", "PUT")
# What our clients send, and what the usual GraphQL clients add.
HEADERS_TAKEN = (
    "Authorization",
    "Content-Type",
    COMPANY_HEADER,
    "X-Request-Id",
    "GraphQL-Require-Preflight",
    "Apollo-Require-Preflight",
    "Apollographql-Client-Name",
    "Apollographql-Client-Version",
    "X-Apollo-Operation-Name",
)
HEADERS_SHOWN = ("Retry-After", "X-Request-Id")
REMEMBERED_S = 600

SCHEMES = {"ws": "http", "wss": "https"}


def cross_origin(allowed: Collection[str]) -> Middleware:
    """Return what tells browsers which pages may read our answers."""
    return Middleware(
        CORSMiddleware,
        allow_origins=allowed,
        allow_methods=METHODS,
        allow_headers=HEADERS_TAKEN,
        expose_headers=HEADERS_SHOWN,
        max_age=REMEMBERED_S,
    )


def may_open_socket(scope: Scope, allowed: Collection[str]) -> bool:
    """Return whether a handshake comes from a page that may, or from no page.

    Browsers ask nobody before they open a socket, but they say where the page comes from.
    """
    headers = Headers(scope=scope)
    origins = headers.getlist("origin")
    own = f"{SCHEMES[scope['scheme']]}://{headers.get('host', '')}"
    return not origins or (len(origins) == 1 and origins[0] in {own, *allowed})
