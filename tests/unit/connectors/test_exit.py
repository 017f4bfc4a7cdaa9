"""An interpreter that ends with live monitors: no noise, whoever else uses the library."""

import os
import subprocess
import sys

import pytest

from tests.servers.ioc import Ioc

PROGRAM = """
import asyncio, sys, threading, time
from ophyd_decl.connectors.protocol import Description
from ophyd_decl.connectors.registry import make_connector
from ophyd_decl.vocab.datatypes import Datatype

pv = sys.argv[1]

async def use(keep):
    for protocol in ("ca", "pva"):
        connector = make_connector(protocol)
        connector.bind(asyncio.get_running_loop())
        channel = connector.channel(pv, Datatype("float"))
        (outcome,) = await connector.connect([channel], time.monotonic() + 10)
        assert isinstance(outcome, Description), outcome
        seen = []
        connector.monitor(channel, seen.append, all_updates=True)
        while not seen:
            await asyncio.sleep(0.001)
        keep.append((connector, channel))

async def use_aioca():
    import aioca
    return await aioca.caget(pv)

async def both(first, second):
    return await first, await second

keep = []
"""
CASES = {
    "a loop that has ended": "asyncio.run(use(keep))",
    "a loop that goes on": """
loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
asyncio.run_coroutine_threadsafe(use(keep), loop).result()
""",
    "after aioca": "asyncio.run(both(use_aioca(), use(keep)))",
    "before aioca": "asyncio.run(both(use(keep), use_aioca()))",
    "beside aioca in another thread": """
thread = threading.Thread(target=lambda: keep.append(asyncio.run(use_aioca())))
thread.start()
thread.join()
asyncio.run(use(keep))
from aioca._catools import _Context
from ophyd_decl.connectors.ca.context import shared
assert shared._handle == _Context._ca_context, "two clients in one process"
""",
    "an exception": "asyncio.run(use(keep)); raise SystemExit(0)",
}


@pytest.mark.parametrize("case", CASES)
def test_the_interpreter_ends_in_silence(ioc: Ioc, case: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM + CASES[case], ioc.pv("ticking")],
        env=os.environ | ioc.client_environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
