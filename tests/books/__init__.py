"""The books against a model of them: shared by the ordinary tests and by `make chaos`."""

import pytest

pytest.register_assert_rewrite("tests.books.machine")
