"""Which readings this process has stored that meters send again with every readout."""

from array import array
from collections.abc import Iterable

from domain.readings.batch import Read

# 16 MB. Two of a meter, so that it is enough for some hundred thousand of them.
SLOTS = 1 << 21


class Repeats:
    """A memory of fixed size that may forget, and only saves work: the database knows them all.

    A reading has one place, by what is stored of it. Who comes later to the same one takes it.
    """

    def __init__(self, *, slots: int = SLOTS) -> None:
        self._slots = array("q", bytes(8 * slots))

    def has(self, read: Read) -> bool:
        mark = _mark(read)
        return self._slots[mark % len(self._slots)] == mark

    def remember(self, reads: Iterable[Read]) -> None:
        """Remember readings, once the transaction has committed that stored or held them."""
        for read in reads:
            mark = _mark(read)
            self._slots[mark % len(self._slots)] = mark


def _mark(read: Read) -> int:
    """Return a number that no other reading has, as far as 64 bits can tell."""
    return hash((read.key, tuple(read.values)))
