from __future__ import annotations

import pytest

from tests.conftest import BOTH_DATABASES


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever touches the tables runs on both databases."""
    if "database_setting" in metafunc.fixturenames:
        metafunc.parametrize("database_setting", BOTH_DATABASES, indirect=True)
