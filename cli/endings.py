"""How commands end when they cannot do their work: a sentence for people, a code for scripts."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import typer
from rich.console import Console

from cli.embedded.accounts import OutOfReach
from cli.embedded.ports import PortTaken
from cli.embedded.processes import ServerFailed
from cli.roles import UnsafeRoles
from db.settings import InvalidSettings

REFUSED = 1
UNREACHABLE = os.EX_UNAVAILABLE
MISCONFIGURED = os.EX_CONFIG
INTERRUPTED = 130

WHAT_HELPS = "`wattledger doctor` says what is missing."


class Refused(Exception):
    """A command cannot do what it was asked for; the message says why and what to do."""


class Unreachable(Exception):
    """A server that is needed does not answer, or refuses us."""


@contextmanager
def spoken_endings() -> Iterator[None]:
    """Turn expected failures into a sentence on standard error and an exit code."""
    try:
        yield
    except InvalidSettings as error:
        raise _ended(str(error), MISCONFIGURED) from error
    except Refused as error:
        raise _ended(str(error), REFUSED) from error
    except (Unreachable, OutOfReach, PortTaken, ServerFailed, UnsafeRoles) as error:
        raise _ended(f"{error}\n{WHAT_HELPS}", UNREACHABLE) from error
    except (ConnectionError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError) as error:
        sentence = f"A server does not answer: {error!r}\n{WHAT_HELPS}"
        raise _ended(sentence, UNREACHABLE) from error
    except OSError as error:
        raise _ended(str(error), REFUSED) from error
    except KeyboardInterrupt as error:
        raise _ended("Interrupted.", INTERRUPTED) from error


def _ended(sentence: str, code: int) -> typer.Exit:
    Console(stderr=True).print(sentence, markup=False, highlight=False, soft_wrap=True)
    return typer.Exit(code)
