"""A server that is killed while a value is observed: ophyd-async says nothing, and here it is an error."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.rivals import ophyd_async
from tests.servers.fixtures import IocFactory

SCRIPT = Path(__file__).parent / "loss_rows.py"


@pytest.mark.timeout(600)  # it may have to install the rival
@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_server_that_is_killed_while_a_value_is_observed(side: str, ioc_factory: IocFactory) -> None:
    python = Path(sys.executable) if side == "ours" else ophyd_async()
    ioc = ioc_factory()
    with subprocess.Popen(
        [str(python), str(SCRIPT), side, ioc.pv("ao")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "READY\n"
            ioc.kill()
            process.stdin.write("killed\n")
            process.stdin.flush()
            word, _, facts = process.stdout.readline().partition(" ")
            found: Any = json.loads(facts)
            assert word == "FACTS"
            assert process.wait(30) == 0
        finally:
            process.kill()
    ended = {"class": "DisconnectedError", "names the signal": True} if side == "ours" else None
    assert found == {"values": 1, "ended": ended}
