"""Devices that come and go, share PVs, and are left behind: in processes of their own, which must end in silence."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio, gc, os, sys, threading, time
from pathlib import Path
from ophyd_decl import load_beamline, signal

prefix, folder = sys.argv[1], Path(sys.argv[2])
PROTOCOLS = ("ca", "pva")
(folder / "beamline.yaml").write_text(f'''
api: ophyd_decl/v1
kind: beamline
name: lifetimes
devices:
  ca: {{type: signal, pv: "ca://{prefix}number", dtype: float, access: rw, format: read}}
  pva: {{type: signal, pv: "pva://{prefix}number", dtype: float, access: rw, format: read}}
  again: {{type: signal, pv: "ca://{prefix}number", dtype: float, access: rw}}
  other: {{type: signal, pv: "pva://{prefix}number", dtype: any, access: rw}}
  axis: {{type: signal, pv: "ca://{prefix}axis", dtype: float, access: rw}}
  slow: {{type: signal, pv: "pva://{prefix}axis", dtype: float, access: rw}}
  spectrum: {{type: signal, pv: "pva://{prefix}spectrum", dtype: float64, shape: [null]}}
''')


def load():
    return load_beamline(folder)


def until(condition, within_s=20.0):
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def connected():
    beamline = load()
    beamline.connect().or_raise()
    return beamline


def follow(device):
    seen = []
    device.subscribe(lambda value, **_: seen.append(value))
    return seen


async def until_async(condition):
    while not condition():
        await asyncio.sleep(0.005)


async def use():
    # connect, and have monitors of all kinds: of a callback on the loop, of one in a thread, staged
    beamline = load()
    (await beamline.aconnect()).or_raise()
    seen = []
    for protocol in PROTOCOLS:
        beamline[protocol].subscribe_reading(seen.append)
        await beamline[protocol].stage()
        await beamline[protocol].set(1.0)
    threaded = follow(beamline.other)
    await until_async(lambda: len(seen) > 1 and threaded)
    return beamline
"""
CASES = {
    "made again": """
for turn in range(10):
    beamline = connected()
    for protocol in PROTOCOLS:
        seen = follow(beamline[protocol])
        beamline[protocol].put(float(turn))
        assert beamline[protocol].get() == turn
        until(lambda: seen and seen[-1] == turn)
    beamline.close()
""",
    "made again while the old ones live": """
old = connected()
kept = {protocol: follow(old[protocol]) for protocol in PROTOCOLS}
new = connected()
for protocol in PROTOCOLS:
    seen = follow(new[protocol])
    new[protocol].put(2.0)
    until(lambda: seen and seen[-1] == 2.0 and kept[protocol] and kept[protocol][-1] == 2.0)
old.close()
for protocol in PROTOCOLS:
    seen = follow(new[protocol])
    count = len(kept[protocol])
    new[protocol].put(3.0)
    until(lambda: seen and seen[-1] == 3.0)
    assert len(kept[protocol]) == count, "a closed device delivers"
new.close()
""",
    "made again after the old ones were forgotten": """
for turn in range(5):
    beamline = connected()
    seen = follow(beamline.ca)
    until(lambda: seen)
    del beamline, seen
    gc.collect()
beamline = connected()
beamline.pva.put(4.0)
assert beamline.ca.get() == beamline.pva.get() == 4.0
""",
    "two devices on one PV": """
beamline = connected()
names = ("ca", "again", "pva", "other")
seen = {name: follow(beamline[name]) for name in names}
for turn, writer in enumerate(names, 5):
    beamline[writer].put(float(turn))
    assert [beamline[name].get() for name in names] == [turn] * 4
    until(lambda: all(values and values[-1] == turn for values in seen.values()))
beamline.close()
""",
    "aioca and p4p beside": """
import aioca
from p4p.client.thread import Context

async def both():
    beamline = await use()
    theirs = []
    monitor = aioca.camonitor(f"{prefix}number", lambda value: theirs.append(float(value)))
    context = Context("pva")
    watched = []
    subscription = context.monitor(f"{prefix}number", lambda value: watched.append(float(value)))
    await aioca.caput(f"{prefix}number", 6.0, wait=True)
    assert await beamline.pva.get_value(cached=False) == 6.0
    await asyncio.to_thread(context.put, f"{prefix}number", 7.0)
    assert await beamline.ca.get_value(cached=False) == 7.0
    await beamline.ca.set(8.0)
    assert float(await aioca.caget(f"{prefix}number")) == 8.0
    assert float(await asyncio.to_thread(context.get, f"{prefix}number")) == 8.0
    await until_async(lambda: theirs and theirs[-1] == 8.0 and watched and watched[-1] == 8.0)
    await beamline.aclose()
    await aioca.caput(f"{prefix}number", 9.0, wait=True)
    await until_async(lambda: theirs[-1] == 9.0 and watched[-1] == 9.0)
    monitor.close()
    aioca.purge_channel_caches()
    subscription.close()
    context.close()

asyncio.run(both())
""",
    "left with monitors, connected from a thread": """
beamline = connected()
seen = [follow(beamline[protocol]) for protocol in PROTOCOLS]
until(lambda: all(seen))
""",
    "left with monitors in asyncio.run": "beamline = asyncio.run(use())",
    "left from within asyncio.run": """
async def leave():
    global beamline
    beamline = await use()
    sys.exit(0)

asyncio.run(leave())
""",
    "left by a thread that runs a loop": """
loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
beamline = asyncio.run_coroutine_threadsafe(use(), loop).result()
""",
    "left after a RunEngine": """
from bluesky import RunEngine
from bluesky.plans import count

RE = RunEngine()
beamline = connected()
seen = [follow(beamline[protocol]) for protocol in PROTOCOLS]
RE(count([beamline.ca, beamline.pva]))
until(lambda: all(seen))
""",
    "left while it moves": """
beamline = connected()
moves = [beamline.axis.set(1.0), beamline.slow.set(2.0)]  # a put is between two threads now, or under way
""",
    "left while it connects": """
beamline = load()
threading.Thread(target=beamline.connect, daemon=True).start()
time.sleep(0.01)
""",
    "left without a word": "signals = [signal(f'{name}://{prefix}number', name=name) for name in PROTOCOLS]",
}
#: What happens to the server before the program ends.
WAITING = """
print("connected", flush=True)
sys.stdin.readline()
"""
FAULTS = {
    "a thread": CASES["left with monitors, connected from a thread"] + WAITING,
    "asyncio.run": """
async def leave():
    global beamline
    beamline = await use()
    print("connected", flush=True)
    await asyncio.to_thread(sys.stdin.readline)

asyncio.run(leave())
""",
}


@pytest.fixture(scope="module")
def lab_ioc(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(Path(__file__).parent / "records.db")


@contextmanager
def started(text: str, ioc: Ioc, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a program, which is gone at the end."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM + text, ioc.prefix, str(folder)],
        env=os.environ | ioc.client_environment | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("case", CASES)
def test_it_works_and_ends_in_silence(lab_ioc: Ioc, case: str, tmp_path: Path) -> None:
    with started(CASES[case], lab_ioc, tmp_path) as process:
        output, errors = process.communicate(timeout=90)
    assert (process.returncode, output, errors) == (0, "", "")


@pytest.mark.parametrize("where", FAULTS)
@pytest.mark.parametrize("fault", ["killed", "hung"])
def test_it_ends_in_silence_though_the_server_does_not_answer(
    ioc_factory: IocFactory, where: str, fault: str, tmp_path: Path
) -> None:
    ioc = ioc_factory(Path(__file__).parent / "records.db")
    with started(FAULTS[where], ioc, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "connected\n"
        if fault == "killed":
            ioc.kill()
            output, errors = process.communicate("\n", timeout=60)
        else:
            with ioc.hung():
                output, errors = process.communicate("\n", timeout=60)
    # What is lost while the program runs is said, by us and by libca itself; its end adds nothing.
    said = ("no value for its subscribers", "Unexpected problem with CA circuit")
    noise = [line for line in errors.splitlines() if not any(words in line for words in said)]
    assert (process.returncode, output, noise) == (0, "", [])
