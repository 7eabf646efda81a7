from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import BOTH_DATABASES
from tests.jobs.receiver import Receiver


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_setting" in metafunc.fixturenames:
        metafunc.parametrize("database_setting", BOTH_DATABASES, indirect=True)


@pytest.fixture
def start_receiver() -> Iterator[Callable[..., Receiver]]:
    started: list[Receiver] = []

    def start(*arguments: object, **options: object) -> Receiver:
        started.append(Receiver(*arguments, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for receiver in started:
        receiver.close()
