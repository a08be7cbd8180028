from functools import reduce
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.protocols.iec62056_21.checksums import block_check, crc16


@given(st.binary(max_size=600))
def test_block_check_is_the_exclusive_or_of_all_bytes(data: bytes) -> None:
    assert block_check(data) == reduce(xor, data, 0)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", 0x0000, id="nothing"),
        pytest.param(b"123456789", 0xBB3D, id="catalogued check value of CRC-16/ARC"),
    ],
)
def test_crc16_is_that_of_dsmr(data: bytes, expected: int) -> None:
    assert crc16(data) == expected
