"""Whole JSON texts out of a stream of `#` JSON `$`, and back. What they say is in messages.py."""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

FRAME_BYTES_MAX: Final = 1024 * 1024
JSON_DEPTH_MAX: Final = 32
GARBAGE_BYTES_MAX: Final = 4096

_START: Final = b"#"
_END: Final = b"$"
_QUOTE, _OPENING, _CLOSING = ord('"'), b"{[", b"}]"
# Possessive repeats never backtrack, so each byte is looked at a fixed number of times.
_BETWEEN_BRACKETS = re.compile(rb'(?:[^"{}\[\]$]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_REST_OF_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)


class FrameRejected(Exception):
    """The stream broke a rule of the framing; nothing after it can be read.

    offset: bytes of the stream before the violation.
    frames: whole JSON texts that the same feed completed before it.
    held: what had arrived of the frame that broke the rule, without its `#`.
    """

    def __init__(self, reason: str, *, offset: int, held: bytes = b"") -> None:
        super().__init__(f"{reason} at byte {offset}")
        self.reason = reason
        self.offset = offset
        self.frames: list[bytes] = []
        self.held = held


class FrameSplitter:
    """Cuts a stream into JSON texts; where the stream is split into chunks changes nothing.

    frame_bytes_max: may be changed between feeds; it counts the text between `#` and `$`.
    """

    def __init__(self, *, frame_bytes_max: int = FRAME_BYTES_MAX) -> None:
        self.frame_bytes_max = frame_bytes_max
        self._buffer = bytearray()
        self._discarded = 0
        self._spent = False
        self._in_frame = False
        self._skipped = 0
        # Indexes into the buffer: where the text began, and up to where it has been looked at.
        self._start = 0
        self._at = 0
        self._is_scanning = False
        self._depth = 0
        self._in_string = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the JSON texts that `data` completes, oldest first; they need not be valid JSON.

        :raises FrameRejected: a limit was broken; every later feed raises as well
        """
        if self._spent:
            raise FrameRejected("expected no more bytes", offset=self._discarded)
        self._buffer += data
        frames: list[bytes] = []
        try:
            while (frame := self._next_frame()) is not None:
                frames.append(frame)
        except FrameRejected as rejected:
            self._spent = True
            rejected.frames = frames
            raise
        self._discard_read()
        return frames

    def _next_frame(self) -> bytes | None:
        if not self._in_frame and not self._find_start():
            return None
        end = self._find_end()
        if end is None:
            return None
        frame = bytes(self._buffer[self._start : end])
        self._start = self._at = end + 1
        self._in_frame = False
        return frame

    def _find_start(self) -> bool:
        found = self._buffer.find(_START, self._start)
        stop = len(self._buffer) if found < 0 else found
        self._skipped += stop - self._start
        self._start = stop
        if self._skipped > GARBAGE_BYTES_MAX:
            over = self._skipped - GARBAGE_BYTES_MAX
            raise self._rejection(f"expected '#' within {GARBAGE_BYTES_MAX} bytes", stop - over)
        if found < 0:
            return False
        self._start = self._at = found + 1
        self._in_frame, self._is_scanning, self._skipped = True, False, 0
        return True

    def _find_end(self) -> int | None:
        last = self._start + self.frame_bytes_max
        end = self._scan(last) if self._is_scanning else self._guess_end(last)
        if end is None and len(self._buffer) > last:
            raise self._rejection(f"expected '$' within {self.frame_bytes_max} bytes", last)
        return end

    def _guess_end(self, last: int) -> int | None:
        """Try the first `$`: if what stands before it is JSON, it is no part of a string.

        That is nearly always so, and costs half of the scan, which decides all other cases.
        """
        end = self._buffer.find(_END, self._at, last + 1)
        if end < 0:
            self._at = len(self._buffer)
            return None
        if _is_shallow_json(bytes(self._buffer[self._start : end])):
            return end
        self._is_scanning, self._in_string, self._depth = True, False, 0
        self._at = self._start
        return self._scan(last)

    def _scan(self, last: int) -> int | None:
        """Look at what is new up to `last`; return where the closing `$` stands, if it is there."""
        stop = min(len(self._buffer), last + 1)
        while self._at < stop:
            pattern = _REST_OF_STRING if self._in_string else _BETWEEN_BRACKETS
            passed = pattern.match(self._buffer, self._at, stop)
            self._at = passed.end() if passed else self._at
            if self._at >= stop:
                return None
            byte = self._buffer[self._at]
            if byte == _QUOTE:
                self._in_string = not self._in_string
            elif self._in_string:
                return None  # half of an escape: its other half is still to come
            elif byte == _END[0]:
                return self._at
            else:
                self._change_depth(byte)
            self._at += 1
        return None

    def _change_depth(self, bracket: int) -> None:
        self._depth += 1 if bracket in _OPENING else -1
        if self._depth > JSON_DEPTH_MAX:
            raise self._rejection(f"expected at most {JSON_DEPTH_MAX} levels of JSON", self._at)

    def _discard_read(self) -> None:
        read = self._start
        del self._buffer[:read]
        self._discarded += read
        self._start -= read
        self._at -= read

    def _rejection(self, reason: str, at: int) -> FrameRejected:
        held = bytes(self._buffer[self._start :]) if self._in_frame else b""
        return FrameRejected(reason, offset=self._discarded + at, held=held)


def _is_shallow_json(text: bytes) -> bool:
    # As many brackets as levels are allowed cannot nest deeper than allowed.
    if text.count(b"{") + text.count(b"[") > JSON_DEPTH_MAX:
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def encode(message: Mapping[str, Any]) -> bytes:
    """Return `message` as it goes onto the wire."""
    return _START + orjson.dumps(message) + _END
