"""How records leave the process."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cli import logs
from db.acting import Actor, acting
from db.enums import ActorKind


@pytest.fixture(autouse=True)
def root_as_it_was() -> Iterator[None]:
    """Give the root logger back to pytest."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    logging.captureWarnings(capture=False)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_record_is_one_json_object_with_its_facts(stream: io.StringIO) -> None:
    logs.configure("INFO", "json", stream=stream)

    facts = {"meter_id": 7, "balance": Decimal("1.50")}
    logging.getLogger("workers.jobs").info("supply.evaluated", extra=facts)

    record = json.loads(stream.getvalue())
    assert datetime.fromisoformat(record.pop("time")).tzinfo == UTC
    assert record == {
        "level": "INFO",
        "logger": "workers.jobs",
        "message": "supply.evaluated",
        "meter_id": 7,
        "balance": "1.50",
    }


def test_a_line_break_does_not_make_two_records(stream: io.StringIO) -> None:
    logs.configure("INFO", "json", stream=stream)

    logging.getLogger("workers").info("frame.refused", extra={"reason": "first\nsecond"})

    assert stream.getvalue().count("\n") == 1


def test_a_record_below_the_level_is_dropped(stream: io.StringIO) -> None:
    logs.configure("WARNING", "json", stream=stream)

    logging.getLogger("workers").info("frame.stored")

    assert stream.getvalue() == ""


@pytest.mark.parametrize("name", ["uvicorn", "uvicorn.access", "arq.worker", "tortoise"])
def test_libraries_log_once_and_as_we_do(stream: io.StringIO, name: str) -> None:
    library = logging.getLogger(name.split(".", maxsplit=1)[0])
    library.addHandler(logging.StreamHandler(stream))
    logs.configure("INFO", "json", stream=stream)
    logs.configure("INFO", "json", stream=stream)

    logging.getLogger(name).info("started", extra={"color_message": "in colour"})

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["logger"], line["message"]) for line in lines] == [(name, "started")]
    assert "color_message" not in lines[0]


def test_a_warning_is_a_record(stream: io.StringIO) -> None:
    logs.configure("INFO", "json", stream=stream)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("an old way", DeprecationWarning, stacklevel=1)

    assert json.loads(stream.getvalue())["logger"] == "py.warnings"


def test_an_exception_is_told_with_its_trace(stream: io.StringIO) -> None:
    logs.configure("INFO", "text", stream=stream)

    try:
        int("broken")
    except ValueError:
        logging.getLogger("workers").exception("batch.failed", extra={"batch": 3})

    text = stream.getvalue()
    assert "workers batch.failed batch=3" in text
    assert "ValueError: invalid literal" in text


@pytest.mark.parametrize(
    ("format", "terminal", "is_json"),
    [
        pytest.param("auto", True, False, id="terminal"),
        pytest.param("auto", False, True, id="no terminal"),
        pytest.param("json", True, True, id="json by wish"),
        pytest.param("text", False, False, id="text by wish"),
    ],
)
def test_the_format_suits_the_reader(format: str, terminal: bool, is_json: bool) -> None:
    stream = Terminal() if terminal else io.StringIO()
    logs.configure("INFO", format, stream=stream)

    logging.getLogger("workers").info("frame.stored")

    assert stream.getvalue().startswith("{") is is_json


def test_what_is_logged_during_a_request_has_its_id(stream: io.StringIO) -> None:
    logs.configure("INFO", "json", stream=stream)
    log = logging.getLogger("api")

    with acting(Actor(kind=ActorKind.USER, request_id="abc-1")):
        log.info("inside")
    log.info("outside")

    records = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [record.get("request_id") for record in records] == ["abc-1", None]
