"""Errors as clients see them: each has a code of one set. Not here: `UserError`s of payloads."""

import logging
import uuid
from enum import StrEnum
from typing import Any

import asyncpg
from graphql import GraphQLError, GraphQLFormattedError

# PostgreSQL ended a transaction because of another one; it is as if it had never begun.
AT_ONCE = (
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.SerializationError,
)

log = logging.getLogger(__name__)


class Code(StrEnum):
    """What `extensions.code` may say."""

    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    BAD_REQUEST = "BAD_REQUEST"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


class Refusal(GraphQLError):
    """A request or a field that is refused; `facts` are for programs."""

    def __init__(self, code: Code, message: str, **facts: object) -> None:
        super().__init__(message, extensions={"code": code.value, **facts})
        self.code = code


class Unauthenticated(Refusal):
    """Nobody is signed in, or not any more."""

    def __init__(self, message: str = "Sign in first.") -> None:
        super().__init__(Code.UNAUTHENTICATED, message)


class Forbidden(Refusal):
    """The caller may not do this."""

    def __init__(self, message: str = "You are not allowed to do this.") -> None:
        super().__init__(Code.FORBIDDEN, message)


class NotFound(Refusal):
    """There is no such thing, or it belongs to somebody else, which is the same."""

    def __init__(self, message: str = "There is no such object.") -> None:
        super().__init__(Code.NOT_FOUND, message)


class DocumentNotFound(Refusal):
    """No document that the caller may run is registered under this id."""

    def __init__(self) -> None:
        super().__init__(
            Code.PERSISTED_QUERY_NOT_FOUND,
            "No document is registered under this id. Its company registers it beforehand: sending"
            " the text along does not.",
        )


class BadUserInput(Refusal):
    """An argument is not what it should be."""

    def __init__(self, argument: str, expected: str) -> None:
        super().__init__(
            Code.BAD_USER_INPUT, f"Argument `{argument}`: {expected}.", argument=argument
        )


class TooComplex(Refusal):
    """The request asks for more than one request may."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(Code.QUERY_TOO_COMPLEX, message, **facts)


class RateLimited(Refusal):
    """Too much in too short a time. retry_after_s: when the next attempt may succeed."""

    def __init__(
        self, message: str = "Too many attempts; try again later.", *, retry_after_s: int
    ) -> None:
        super().__init__(Code.RATE_LIMITED, message, retryAfter=retry_after_s)
        self.retry_after_s = retry_after_s


def coded(error: GraphQLError, code: Code) -> GraphQLError:
    """Give an error of the library, which has none, a code."""
    error.extensions = {**(error.extensions or {}), "code": code.value}
    return error


def unforeseen(error: Exception) -> GraphQLFormattedError:
    """Return what clients may see of an exception that no field raised; it is logged."""
    return _unexpected(GraphQLError(str(error), original_error=error))


def formatted(error: GraphQLError) -> GraphQLFormattedError:
    """Return the error as clients may see it; what nobody expected is logged and replaced."""
    if error.extensions and "code" in error.extensions:
        return error.formatted
    if error.original_error is None or isinstance(error.original_error, GraphQLError):
        # The library itself refused a variable or an argument.
        return coded(error, Code.BAD_USER_INPUT).formatted
    if isinstance(error.original_error, AT_ONCE):
        return _conflict(error)
    return _unexpected(error)


def _conflict(error: GraphQLError) -> GraphQLFormattedError:
    log.warning("graphql.conflict", extra={"path": error.path, "reason": repr(error)})
    return GraphQLError(
        "Something else happened at the same time; try again.",
        error.nodes,
        path=error.path,
        extensions={"code": Code.CONFLICT.value},
    ).formatted


def _unexpected(error: GraphQLError) -> GraphQLFormattedError:
    error_id = uuid.uuid4().hex
    cause = error.original_error
    log.error("graphql.failed", extra={"error_id": error_id, "path": error.path}, exc_info=cause)
    shown: dict[str, Any] = {
        "message": "Something went wrong on our side.",
        "extensions": {"code": Code.INTERNAL_SERVER_ERROR.value, "id": error_id},
    }
    if error.path is not None:
        shown["path"] = error.path
    return shown  # type: ignore[return-value] # its keys are those of the protocol
