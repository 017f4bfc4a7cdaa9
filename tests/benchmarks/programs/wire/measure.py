"""Measure one peer with one benchmark: `measure.py PEER PROTOCOL BENCHMARK PREFIX SIZE REPEATS`.

Every function below is a benchmark. It checks that what was asked for was done, and gives its figures: seconds of the
wall clock and of the CPU (all threads of the process) for one operation of the peer.
"""

import asyncio
import importlib
import json
import resource
import statistics
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from peer import DevicePeer, Peer
from tango_names import names_of

PEERS = {
    "aioca": "peer_aioca.AiocaPeer",
    "p4p": "peer_p4p.P4pPeer",
    "pytango": "peer_pytango.PytangoPeer",
    "ophyd-async": "peer_ophyd_async.OphydAsyncPeer",
    "ophyd_decl": "peer_ophyd_decl.OphydDeclPeer",
}
#: The same on Tango, where it differs.
TANGO_PEERS = {"ophyd_decl": "peer_ophyd_decl_tango.OphydDeclTangoPeer"}
TIMEOUT_S = 30.0
#: For a search of which one PV is not there, in s.
SHORT_TIMEOUT_S = 3.0
#: When no update has come for this time, in s, none will.
QUIET_S = 0.3
LOOK_S = 0.01
#: How often an operation is done before it is measured.
WARM = 3
POINTS_BEFORE = 5
#: Of the axis that moves least from point to point.
HALF_A_STEP = 0.5

Figures = dict[str, float]


class WrongAnswerError(Exception):
    """The peer did not do what was asked of it."""


def expect(found: Any, wanted: Any) -> None:
    """Raise where an answer is not the right one."""
    if found != wanted:
        raise WrongAnswerError(f"{str(found)[:200]} instead of {str(wanted)[:200]}")


def cpu_s() -> float:
    """Return what all threads of this process have used."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def connect(peer: Peer, _: int) -> Figures:
    """From no channel to all described."""
    started, used = time.perf_counter(), cpu_s()
    described = await peer.connect(TIMEOUT_S)
    figures = {"wall_s": time.perf_counter() - started, "cpu_s": cpu_s() - used}
    expect(described, len(peer.names))
    return figures


async def read_all(peer: Peer, repeats: int) -> Figures:
    """Fresh values of all."""
    await peer.connect(TIMEOUT_S)
    expect(len(await peer.read_all()), len(peer.names))
    return await repeated(peer.read_all, repeats)


async def read_one(peer: Peer, repeats: int) -> Figures:
    """A fresh value of one."""
    await peer.connect(TIMEOUT_S)
    return await repeated(peer.read_one, repeats)


async def put_one(peer: Peer, repeats: int) -> Figures:
    """One put, until its completion."""
    await peer.connect(TIMEOUT_S)
    values = iter(range(1, repeats + WARM + 1))
    figures = await repeated(lambda: peer.put_one(float(next(values))), repeats)
    expect(await peer.read_one(), float(repeats + WARM))
    return figures


async def put_all(peer: Peer, repeats: int) -> Figures:
    """A put to each at the same time, until all are completed."""
    await peer.connect(TIMEOUT_S)
    values = iter(range(1, repeats + WARM + 1))
    figures = await repeated(lambda: peer.put_all(float(next(values))), repeats)
    expect(await peer.read_all(), [float(repeats + WARM)] * len(peer.names))
    return figures


async def absent(peer: Peer, _: int) -> Figures:
    """The last is nowhere: until the others can be read."""
    started, used = time.perf_counter(), cpu_s()
    values = await peer.read_others(SHORT_TIMEOUT_S)
    figures = {"wall_s": time.perf_counter() - started, "cpu_s": cpu_s() - used}
    expect(len(values), len(peer.names) - 1)
    return figures


async def monitor(peer: Peer, _: int) -> Figures:
    """Updates whose value is the time of sending; how many are sent, is said on the standard input afterwards."""
    await peer.connect(TIMEOUT_S)
    latencies: list[float] = []
    last: dict[str, float] = {}
    clock = time.monotonic

    def take(name: str, value: float) -> None:
        latencies.append(clock() - value)
        last[name] = value

    peer.monitor(take)
    await until(lambda: len(last) == len(peer.names) and peer.is_monitored())
    await quiet(latencies)
    latencies.clear()
    sent: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    used = cpu_s()
    threading.Thread(target=wait_for_line, args=(asyncio.get_running_loop(), sent), daemon=True).start()
    print("READY", flush=True)
    posted = await sent
    await quiet(latencies)
    used = cpu_s() - used
    ordered = sorted(latencies)
    return {
        "wall_s": ordered[len(ordered) // 2],
        "p99_s": ordered[len(ordered) * 99 // 100],
        "cpu_s": used / posted,
        "delivered": len(ordered) / posted,
    }


def wait_for_line(loop: asyncio.AbstractEventLoop, sent: "asyncio.Future[int]") -> None:
    """Give the loop the number in the next line of the standard input."""
    loop.call_soon_threadsafe(sent.set_result, int(sys.stdin.readline()))


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():  # noqa: ASYNC110  # nothing there could set an event
            await asyncio.sleep(LOOK_S)


async def quiet(updates: list[float]) -> None:
    """Wait until there are no more updates."""
    before = -1
    while len(updates) != before:
        before = len(updates)
        await asyncio.sleep(QUIET_S)


def scan_signals(peer: DevicePeer, points: int) -> Figures:
    """One point of a step scan of two signals, with a detector of ten signals."""
    return scan(peer, points, "signals")


def scan_motors(peer: DevicePeer, points: int) -> Figures:
    """One point of a step scan of two motors, with a detector of ten signals."""
    return scan(peer, points, "motors")


def scan_fresh_signals(peer: DevicePeer, points: int) -> Figures:
    """One point of the same with signals, where every peer asks the server for what it tells at a point."""
    return scan(peer, points, "signals", fresh=True)


def scan_fresh_motors(peer: DevicePeer, points: int) -> Figures:
    """One point of the same with motors, where every peer asks the server for what it tells at a point."""
    return scan(peer, points, "motors", fresh=True)


def scan(peer: DevicePeer, points: int, kind: str, *, fresh: bool = False) -> Figures:
    """One point of a step scan, and which share of the positions in its events is that of another point."""
    import bluesky.plans as bp
    from bluesky import RunEngine

    run_engine = RunEngine({})
    detector, axes = peer.scanned(run_engine, kind, fresh=fresh)
    events: list[dict[str, float]] = []
    run_engine.subscribe(lambda _, document: events.append(document["data"]), "event")

    def step(count: int) -> Any:
        ends = [end for number, axis in enumerate(axes) for end in (axis, 0.0, count * (number + 1.0))]
        return bp.scan([detector], *ends, num=count + 1)

    run_engine(step(POINTS_BEFORE))
    events.clear()
    started, used = time.perf_counter(), cpu_s()
    run_engine(step(points))
    figures = {
        "wall_s": (time.perf_counter() - started) / len(events),
        "cpu_s": (cpu_s() - used) / len(events),
    }
    expect([len(event) for event in events], [12 if kind == "signals" else len(events[0])] * (points + 1))
    keys = [next(key for key in events[0] if key.startswith(axis.name)) for axis in axes]
    wrong = [
        abs(event[key] - point * (number + 1.0)) > HALF_A_STEP
        for point, event in enumerate(events)
        for number, key in enumerate(keys)
    ]
    return figures | {"wrong": sum(wrong) / len(wrong)}


async def repeated(operation: Callable[[], Awaitable[Any]], repeats: int) -> Figures:
    """Return the median time of an operation, and the CPU of one."""
    for _ in range(WARM):
        await operation()
    walls: list[float] = []
    used = cpu_s()
    for _ in range(repeats):
        started = time.perf_counter()
        await operation()
        walls.append(time.perf_counter() - started)
    return {"wall_s": statistics.median(walls), "cpu_s": (cpu_s() - used) / repeats}


def main() -> None:
    """Measure, and write the figures."""
    name, protocol, benchmark, prefix, size, repeats = sys.argv[1:]
    count = int(size)
    names = names_of(prefix, count) if protocol == "tango" else [f"{prefix}{number}" for number in range(count)]
    if benchmark == "absent":
        names[-1] = f"{prefix}nowhere"
    known = PEERS | TANGO_PEERS if protocol == "tango" else PEERS
    module, _, kind = known[name].partition(".")
    peer = getattr(importlib.import_module(module), kind)(protocol, names)
    function = globals()[benchmark]
    figures = function(peer, int(repeats))
    if asyncio.iscoroutine(figures):
        figures = asyncio.run(figures)
    print("RESULT", json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
