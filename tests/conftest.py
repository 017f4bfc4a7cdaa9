"""What all tests share. The environment comes first: a client library that is imported earlier would not see it."""

import pytest

from tests.property.mutations import count_and_seed
from tests.servers import environment

environment.apply()

pytest_plugins = [
    "pytester",
    "tests.plugins.leaks",
    "tests.plugins.run_engines",
    "tests.plugins.skips",
    "tests.plugins.soak",
    "tests.servers.fixtures",
    "tests.plugins.tango_client",
]


def pytest_report_header() -> str:
    """Say what this run shortens."""
    count, seed = count_and_seed()
    return f"mutations of YAML files: {count}, from seed {seed} (OPHYD_DECL_MUTATIONS; .ci/run tries 10000)"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the ports back."""
    environment.release()
