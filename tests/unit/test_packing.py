"""Frames come back as they were, whatever they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.frames.packing import pack, unpack


@given(st.binary(max_size=4_096))
def test_any_bytes_come_back(body: bytes) -> None:
    assert unpack(pack(body)) == body


@given(st.binary(max_size=64))
def test_packing_costs_one_byte_at_the_most(body: bytes) -> None:
    assert len(pack(body)) <= len(body) + 1


def test_a_stored_frame_of_the_first_way_stays_readable() -> None:
    stored = bytes.fromhex("01783ff550e35203c63e81883557aa0500f4090c3e")

    assert unpack(stored) == b'{"function":"read","referenceId":"7"}'


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or 1 expected"):
        unpack(b"\x07abc")
