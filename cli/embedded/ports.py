"""Ports on the loopback address, kept from one start to the next."""

import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
ANY_PORT = 0


class PortTaken(Exception):
    """The port that was asked for is in use."""


def choose_port(kept: Path, *, fixed: int | None = None) -> int:
    """Return a free port and write it to `kept`: the fixed one, else the kept one, else any.

    :raises PortTaken: if the fixed one is in use; nothing is written
    """
    if fixed is not None:
        if not is_free(fixed):
            raise PortTaken(f"{LOOPBACK}:{fixed} is in use.")
        port = fixed
    else:
        last = _read(kept)
        port = last if last is not None and is_free(last) else _any_port()
    kept.write_text(f"{port}\n")
    return port


def is_free(port: int) -> bool:
    with _socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _any_port() -> int:
    with _socket() as probe:
        probe.bind((LOOPBACK, ANY_PORT))
        port: int = probe.getsockname()[1]
    return port


def _socket() -> socket.socket:
    probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Connections of the server before us may still be in TIME_WAIT; those do not hold the port.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return probe


def _read(kept: Path) -> int | None:
    try:
        return int(kept.read_text())
    except (FileNotFoundError, ValueError):
        return None
