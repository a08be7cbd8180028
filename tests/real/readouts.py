"""Real readouts, of which there may be none on this machine."""

import os
from pathlib import Path

import pytest

from collectors.protocols.iec62056_21.readout import Readout, parse_readout

REPOSITORY = Path(__file__).parents[2]
REAL_DATA = Path(os.environ.get("WATTLEDGER_REAL_DATA", REPOSITORY.parent / "shared" / "data"))
FOLDER = REAL_DATA / "iec62056-21"
FILES = sorted(path.name for path in FOLDER.glob("*.txt"))

only_with_files = pytest.mark.skipif(not FILES, reason=f"no real readouts in {FOLDER}")


def read(name: str) -> Readout:
    return parse_readout((FOLDER / name).read_bytes())
