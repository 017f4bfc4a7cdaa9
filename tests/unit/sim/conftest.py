"""One server for the tests that use it gently, and a way to run Channel Access clients against it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl.sim import DemoServer

#: ophyd-async 0.21.3: grid_scan([pdet], stage.x, 1, 2, 3, stage.y, 2, 3, 3), 0.1 s, low energy; x, y, three counts.
OPHYD_ASYNC_ROWS = (
    (1.0, 2.0, 921, 887, 859),
    (1.0, 2.5, 959, 926, 898),
    (1.0, 3.0, 937, 903, 875),
    (1.5, 2.0, 976, 975, 974),
    (1.5, 2.5, 843, 843, 842),
    (1.5, 3.0, 660, 660, 659),
    (2.0, 2.0, 761, 740, 722),
    (2.0, 2.5, 537, 516, 498),
    (2.0, 3.0, 487, 467, 448),
)


@pytest.fixture(params=OPHYD_ASYNC_ROWS)
def ophyd_async_row(request: pytest.FixtureRequest) -> tuple[float, float, int, int, int]:
    """Return one point of that scan."""
    return request.param


@pytest.fixture
def ophyd_async_rows() -> tuple[tuple[float, float, int, int, int], ...]:
    """Return the whole scan."""
    return OPHYD_ASYNC_ROWS


@pytest.fixture(scope="session")
def server() -> Iterator[DemoServer]:
    """Return a running server with the default prefix."""
    for library in ("softioc", "aioca", "p4p"):
        pytest.importorskip(library)
    with DemoServer() as server:
        yield server


@pytest.fixture
def ca_client(server: DemoServer) -> Callable[..., Any]:
    """Return a function that runs one scenario of `ca_scenarios.py` and gives its answer."""
    program = str(Path(__file__).with_name("ca_scenarios.py"))

    def run(scenario: str, *arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, program, scenario, *arguments],
            env=os.environ | server.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
