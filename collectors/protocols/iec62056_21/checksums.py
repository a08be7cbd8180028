"""The two check values a readout can end with: BCC (IEC 62056-21) and CRC-16 (DSMR)."""

from enum import StrEnum

_CRC16_POLYNOMIAL = 0xA001


class Checksum(StrEnum):
    """What the check value says of the bytes."""

    ABSENT = "ABSENT"
    VALID = "VALID"
    WRONG = "WRONG"


def block_check(data: bytes) -> int:
    """Return the exclusive or of all bytes: of a frame, of what follows STX up to and with ETX."""
    folded = int.from_bytes(data, "little")
    # Folding one big integer in halves costs log n machine-speed steps, a loop n slow ones. The
    # upper halves keep rubbish; only the lowest byte counts.
    width = 1 << max(len(data) - 1, 0).bit_length() >> 1
    while width:
        folded ^= folded >> (8 * width)
        width >>= 1
    return folded & 0xFF


def crc16(data: bytes) -> int:
    """Return the CRC-16/ARC of all bytes: of a telegram, of all from `/` up to and with `!`."""
    remainder = 0
    for byte in data:
        remainder = remainder >> 8 ^ _CRC16_OF_BYTE[(remainder ^ byte) & 0xFF]
    return remainder


def _crc16_of_byte(byte: int) -> int:
    remainder = byte
    for _ in range(8):
        remainder = remainder >> 1 ^ (_CRC16_POLYNOMIAL if remainder & 1 else 0)
    return remainder


_CRC16_OF_BYTE = tuple(map(_crc16_of_byte, range(256)))
