"""What all tests share. The environment comes first: a client library that is imported earlier would not see it."""

import gc

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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the checks by tools: where files are shared out among processes, the longest must not come last."""
    items.sort(key=lambda item: item.path.name != "test_architecture.py")


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what stays: with thousands of tests a round takes a third of a second."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give the ports back."""
    environment.release()
