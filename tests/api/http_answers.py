"""Requests over HTTP, and what their answers say."""

from typing import Any

WHO = "{ viewer { name } }"


def code(body: Any) -> str:
    return str(body["errors"][0]["extensions"]["code"])
