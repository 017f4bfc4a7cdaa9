"""What all tests share. The environment comes first: a client library that is imported earlier would not see it."""

import pytest

from tests.servers import environment

environment.apply()

pytest_plugins = [
    "pytester",
    "tests.plugins.leaks",
    "tests.plugins.run_engines",
    "tests.plugins.skips",
    "tests.servers.fixtures",
]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the ports back."""
    environment.release()
