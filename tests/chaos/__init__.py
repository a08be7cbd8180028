"""Wattledger under fire."""

import pytest

# So that its assertions say what they found.
pytest.register_assert_rewrite("tests.chaos.survival")
