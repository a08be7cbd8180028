"""How log records leave a process: JSON lines for machines, colours for a terminal.

A record's message is the name of the event (`supply.evaluated`), its facts are in `extra`.
"""

import logging
import sys
from typing import TextIO

from pythonjsonlogger.core import RESERVED_ATTRS, merge_record_extra
from pythonjsonlogger.json import JsonFormatter
from rich.console import Console
from rich.logging import RichHandler

from db.acting import acting_now

# They bring handlers of their own, or would if asked; their records go the way of ours.
LIBRARIES = ("uvicorn", "uvicorn.error", "uvicorn.access", "arq", "tortoise", "py.warnings")

# They tell of each step of what they do.
TALKATIVE = ("mail.log",)

# uvicorn repeats its message with colour codes.
UNSHOWN = frozenset(RESERVED_ATTRS) | {"color_message", "taskName"}

COLUMNS_WITHOUT_TERMINAL = 160


class RequestIds(logging.Filter):
    """Says of each record during which request it was made, if it was during one."""

    def filter(self, record: logging.LogRecord) -> bool:
        actor = acting_now()
        if actor is not None and actor.request_id is not None:
            record.request_id = actor.request_id
        return True


class FactsFormatter(logging.Formatter):
    """The event, and its facts as `name=value` behind it."""

    def format(self, record: logging.LogRecord) -> str:
        facts = merge_record_extra(record, {}, reserved=UNSHOWN)
        told = "".join(f" {name}={value}" for name, value in facts.items())
        first, *trace = super().format(record).split("\n")
        return "\n".join([f"{first}{told}", *trace])


def configure(level: str, format: str, *, stream: TextIO | None = None) -> None:
    """Send all records from `level` up to `stream`. Safe to repeat.

    Run uvicorn with `log_config=None`, or it takes its records back.

    format: `json`, `text`, or `auto`: text on a terminal, else JSON.
    stream: standard error by default, so that standard output stays a command's answer.
    """
    stream = stream or sys.stderr
    text = format == "text" or (format == "auto" and stream.isatty())
    root = logging.getLogger()
    root.handlers = [_text_handler(stream) if text else _json_handler(stream)]
    root.handlers[0].addFilter(RequestIds())
    root.setLevel(level)
    for name in LIBRARIES:
        library = logging.getLogger(name)
        library.handlers = []
        library.propagate = True
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def _json_handler(stream: TextIO) -> logging.Handler:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        JsonFormatter(
            ["levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger"},
            reserved_attrs=sorted(UNSHOWN),
            timestamp="time",
            json_ensure_ascii=False,
        )
    )
    return handler


def _text_handler(stream: TextIO) -> logging.Handler:
    width = None if stream.isatty() else COLUMNS_WITHOUT_TERMINAL
    console = Console(file=stream, width=width)
    handler = RichHandler(console=console, show_path=False, log_time_format="%H:%M:%S")
    handler.setFormatter(FactsFormatter("%(name)s %(message)s"))
    return handler
