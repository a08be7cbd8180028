"""Cutting a stream into JSON texts, whatever comes and however it is cut."""

import time
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.protocols.mass.framing import (
    FRAME_BYTES_MAX,
    GARBAGE_BYTES_MAX,
    JSON_DEPTH_MAX,
    FrameRejected,
    FrameSplitter,
    encode,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('$#"\\{}[]a\r\n', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('$#"a'), inner, max_size=3),
    max_leaves=8,
)
MESSAGES = st.lists(st.dictionaries(st.text('$#"k', max_size=4), JSON, max_size=4), max_size=6)
NOISE = st.lists(st.sampled_from([*b'#$"\\{}[]a: \r'])).map(bytes)
CUTS = st.lists(st.integers(0, 400), max_size=12)


def chunks_of(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    return [stream[start:end] for start, end in pairwise(places)]


def split(chunks: list[bytes], *, frame_bytes_max: int = FRAME_BYTES_MAX) -> list[bytes]:
    """Return every frame that comes, also those before a rejection."""
    splitter = FrameSplitter(frame_bytes_max=frame_bytes_max)
    frames: list[bytes] = []
    for chunk in chunks:
        try:
            frames += splitter.feed(chunk)
        except FrameRejected as rejected:
            return [*frames, *rejected.frames]
    return frames


def rejection_of(stream: bytes, *, frame_bytes_max: int = FRAME_BYTES_MAX) -> FrameRejected:
    with pytest.raises(FrameRejected) as caught:
        FrameSplitter(frame_bytes_max=frame_bytes_max).feed(stream)
    return caught.value


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b'#{"a":1}$', [b'{"a":1}'], id="one frame"),
        pytest.param(b'#{"a":1}$\r\n#{"b":2}$', [b'{"a":1}', b'{"b":2}'], id="line end between"),
        pytest.param(b'#{"a":"$#$"}$', [b'{"a":"$#$"}'], id="both marks inside a string"),
        pytest.param(rb'#{"a":"\"$"}$', [rb'{"a":"\"$"}'], id="mark after an escaped quote"),
        pytest.param(rb'#{"a":"\\"}$', [rb'{"a":"\\"}'], id="escaped backslash before a quote"),
        pytest.param(b'OK\r\n#{"a":1}$', [b'{"a":1}'], id="garbage before"),
        pytest.param(b'#{"a":1}', [], id="not yet ended"),
        pytest.param(b'#{"a"$#{"b":2}$', [b'{"a"', b'{"b":2}'], id="broken JSON is a frame too"),
        pytest.param(b"#$", [b""], id="empty"),
    ],
)
def test_frames_stand_between_the_marks(stream: bytes, expected: list[bytes]) -> None:
    whole, drip = split([stream]), split([bytes([byte]) for byte in stream])

    assert whole == expected
    assert drip == expected


@given(messages=MESSAGES, cuts=CUTS)
def test_messages_come_back_however_the_stream_is_cut(
    messages: list[dict[str, object]], cuts: list[int]
) -> None:
    stream = b"\r\n".join(encode(message) for message in messages)

    frames = split(chunks_of(stream, cuts))

    assert [orjson.loads(frame) for frame in frames] == messages


@given(stream=NOISE, cuts=CUTS)
def test_any_bytes_give_the_same_frames_however_they_are_cut(
    stream: bytes, cuts: list[int]
) -> None:
    whole = split([stream], frame_bytes_max=20)

    assert split(chunks_of(stream, cuts), frame_bytes_max=20) == whole
    assert split([bytes([byte]) for byte in stream], frame_bytes_max=20) == whole


@given(st.lists(st.binary()))
def test_arbitrary_bytes_are_split_or_rejected(chunks: list[bytes]) -> None:
    frames = split(chunks)

    assert sum(map(len, frames)) <= sum(map(len, chunks))


def test_a_frame_of_the_largest_size_passes_and_one_byte_more_does_not() -> None:
    largest, larger = b'"' + b"x" * 18 + b'"', b'"' + b"x" * 19 + b'"'

    frames = FrameSplitter(frame_bytes_max=20).feed(b"#" + largest + b"$")
    rejected = rejection_of(b"#" + larger + b"$", frame_bytes_max=20)

    assert frames == [largest]
    assert str(rejected) == "expected '$' within 20 bytes at byte 21"
    assert rejected.held == larger + b"$"


def test_the_deepest_json_passes_and_one_level_more_does_not() -> None:
    deepest, deeper = ((b"[" * levels + b"]" * levels) for levels in (JSON_DEPTH_MAX, 33))

    frames = FrameSplitter().feed(b"#" + deepest + b"$")
    rejected = rejection_of(b"#" + deeper + b"$")

    assert frames == [deepest]
    assert str(rejected) == f"expected at most {JSON_DEPTH_MAX} levels of JSON at byte 33"


def test_many_brackets_side_by_side_are_not_deep() -> None:
    flat = b"[" + b",".join([b"{}"] * 1_000) + b"]"

    assert FrameSplitter().feed(b"#" + flat + b"$") == [flat]


def test_brackets_in_strings_are_not_levels() -> None:
    text = b'{"a":"' + b"[" * 1_000 + b'"}'

    assert FrameSplitter().feed(b"#" + text + b"$") == [text]


def test_garbage_is_skipped_up_to_its_limit() -> None:
    frames = FrameSplitter().feed(b"x" * GARBAGE_BYTES_MAX + b"#{}$")
    rejected = rejection_of(b"x" * (GARBAGE_BYTES_MAX + 1) + b"#{}$")

    assert frames == [b"{}"]
    assert str(rejected) == f"expected '#' within {GARBAGE_BYTES_MAX} bytes at byte 4096"


def test_a_rejection_brings_the_frames_before_it() -> None:
    rejected = rejection_of(b'#{"a":1}$' + b"#" + b"[" * 40 + b"$")

    assert rejected.frames == [b'{"a":1}']
    assert rejected.offset == 42
    assert rejected.held == b"[" * 40 + b"$"


def test_a_splitter_that_has_rejected_stays_so() -> None:
    splitter = FrameSplitter(frame_bytes_max=4)
    with pytest.raises(FrameRejected):
        splitter.feed(b"#{     ")

    with pytest.raises(FrameRejected, match="expected no more bytes"):
        splitter.feed(b'#{"a":1}$')


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'{"a":"' + b"x" * 200_000 + b'"}', id="long string"),
        pytest.param(b'{"a":"$' + b"\\n" * 100_000 + b'"}', id="escapes after an early mark"),
        pytest.param(b'["$",' + b",".join([b'"x"'] * 50_000) + b"]", id="many strings"),
    ],
)
def test_a_drip_of_single_bytes_takes_linear_time(text: bytes) -> None:
    stream = b"#" + text + b"$"
    started = time.process_time()

    frames = split([bytes([byte]) for byte in stream])

    # A tenth of a second is usual; looking at everything again for each byte takes minutes.
    assert time.process_time() - started < 5
    assert frames == [text]
