"""pyepics and ophyd in one process with ours: one libca, values that all agree on, and an end in silence.

pyepics makes a context of its own where it does not come first: two circuits then, of the same library.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conformance.rivals import requirements_of_ours, rival
from tests.servers.ioc import Ioc

pytestmark = pytest.mark.timeout(600)  # it may have to install the other libraries
ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio, os, re, sys, time
pv, keep = sys.argv[1], []


def until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


class pyepics:
    def __init__(self):
        import epics
        self.seen = []
        self.pv = epics.PV(pv, auto_monitor=True, callback=lambda value, **_: self.seen.append(value))
        assert self.pv.wait_for_connection(20)

    def put(self, value):
        self.pv.put(value, wait=True)

    def get(self):
        return self.pv.get(use_monitor=False)


class ophyd:
    def __init__(self):
        from ophyd import EpicsSignal
        self.seen = []
        self.signal = EpicsSignal(pv, name="theirs", put_complete=True)
        self.signal.wait_for_connection(timeout=20)
        self.signal.subscribe(lambda value, **_: self.seen.append(value))

    def put(self, value):
        self.signal.set(value).wait(20)

    def get(self):
        return self.signal.get(use_monitor=False)


class ours:
    def __init__(self, protocol="ca"):
        from ophyd_decl import signal
        self.seen = []
        self.signal = signal(f"{protocol}://{pv}", name="ours", dtype="float")
        self.signal.subscribe(lambda value, **_: self.seen.append(value))
        self.signal.get()  # it is lazy, and must come in its turn

    def put(self, value):
        self.signal.put(value)

    def get(self):
        return self.signal.get()


def pva():
    return ours("pva")


clients = [globals()[name]() for name in sys.argv[2].split(",")]
for turn, writer in enumerate(clients, 10):
    writer.put(float(turn))
    assert [client.get() for client in clients] == [turn] * len(clients)
    until(lambda: all(client.seen and client.seen[-1] == turn for client in clients))
files = {os.stat(line.split()[-1]).st_ino for line in open("/proc/self/maps") if re.search(r"/libca\\.so", line)}
own = {line.split()[-1] for line in open("/proc/self/maps") if "/clibs/" in line}
from ophyd_decl.connectors.ca.context import shared
print(len(files), bool(own), shared._owned)
"""


@pytest.fixture(scope="module")
def interpreter() -> Path:
    """Return the interpreter of an environment with pyepics and ophyd, in which ours can be imported."""
    return rival("pyepics", "pyepics", "ophyd", *requirements_of_ours())


def run(interpreter: Path, ioc: Ioc, order: str) -> subprocess.CompletedProcess[str]:
    """Use one PV with several clients, which come in this order."""
    others = {name: value for name, value in os.environ.items() if name != "PYEPICS_LIBCA"}
    try:
        return subprocess.run(
            [interpreter, "-c", PROGRAM, ioc.pv("ao"), order],
            env=others | ioc.client_environment | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    finally:
        ioc.put("ao", 2.5)  # what it was: other tests read it too


@pytest.mark.parametrize(
    ("order", "context_is_ours"),
    [("ours,pva,pyepics", True), ("ophyd,ours,pva", False), ("ours,ophyd,pyepics", True)],
)
def test_one_libca_serves_all(interpreter: Path, ioc: Ioc, order: str, context_is_ours: bool) -> None:
    done = run(interpreter, ioc, order)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"1 False {context_is_ours}\n", "")


def test_pyepics_that_was_used_first_has_a_library_of_its_own_and_both_work(interpreter: Path, ioc: Ioc) -> None:
    done = run(interpreter, ioc, "pyepics,ours,pva")
    assert (done.returncode, done.stdout) == (0, "2 True True\n")
    # The library of pyepics looks for the repeater in a program, and says that there is none.
    assert all("caRepeater" in line or line.startswith("****") for line in done.stderr.splitlines() if line)
