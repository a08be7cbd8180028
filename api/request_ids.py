"""What ties a request to its log lines and to what it changed."""

import re
import uuid

REQUEST_ID_HEADER = "X-Request-Id"

_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def request_id_of(header: str | None) -> str:
    """Return the id that a client or a proxy gave the request, if it can be one, else a new one."""
    return header if header is not None and _SANE.fullmatch(header) else uuid.uuid4().hex
