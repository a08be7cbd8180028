"""How a device does: cases that the rule and its twin in SQL must both get right.

Each: periods since it was heard (None: never), the state, whether it fails, whether it has meters.
"""

import pytest

from db.enums import Health

CASES = [
    pytest.param(0.0, Health.HEALTHY, False, True, id="just heard"),
    pytest.param(1.5, Health.HEALTHY, False, True, id="one and a half periods ago"),
    pytest.param(1.51, Health.LATE, False, True, id="a little more than that"),
    pytest.param(3.0, Health.LATE, False, True, id="three periods ago"),
    pytest.param(3.01, Health.SILENT, False, True, id="more than three periods ago"),
    pytest.param(None, Health.SILENT, False, True, id="never heard"),
    pytest.param(0.0, Health.FAILING, True, True, id="heard, but failing"),
    pytest.param(2.0, Health.FAILING, True, True, id="late and failing"),
    pytest.param(4.0, Health.SILENT, True, True, id="silent and failing"),
    pytest.param(None, Health.HEALTHY, False, False, id="without meters"),
    pytest.param(None, Health.FAILING, True, False, id="without meters, but failing"),
]
