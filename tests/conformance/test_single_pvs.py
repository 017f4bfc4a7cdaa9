"""ophyd's tutorial on single EPICS PVs, against the same IOC: without YAML, and from a file."""

import asyncio
import io
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from bluesky import RunEngine
from bluesky.callbacks import LiveTable
from bluesky.plan_stubs import close_run, monitor, mv, open_run, sleep, unmonitor
from bluesky.plans import count, list_scan
from bluesky.utils import Msg
from event_model import DocumentNames, schema_validators

from ophyd_decl import load_beamline, signal, wait
from ophyd_decl.errors import PutRefusedError, WriteError
from ophyd_decl.session.standalone import close_all
from tests.servers.ioc import Ioc, RandomWalk

FILE = """\
api: ophyd_decl/v1
kind: beamline
name: walk
devices:
  time_delta: {type: signal, pv: "random_walk:dt", dtype: float, access: rw, connect: lazy}
  x: {type: signal, pv: "random_walk:x", dtype: float, access: r, connect: lazy}
  stubborn: {type: signal, pv: "GUARDED", dtype: float, access: rw, connect: lazy}
  blanks: {type: signal, pv: "random_walk:dt", dtype: float, access: rw, connect: lazy, name: some name with spaces}
"""


class Walk(NamedTuple):
    """The PVs of the tutorial as signals."""

    time_delta: Any
    x: Any
    stubborn: Any
    blanks: Any


@pytest.fixture(params=["without YAML", "with YAML"])
def walk(request: pytest.FixtureRequest, random_walk: RandomWalk, ioc: Ioc, tmp_path: Path) -> Iterator[Walk]:
    guarded = ioc.pv("guarded")  # the random walk lets everybody write its `x`
    if request.param == "with YAML":
        (tmp_path / "beamline.yaml").write_text(FILE.replace("GUARDED", guarded))
        beamline = load_beamline(tmp_path)
        yield Walk(*(beamline[name] for name in Walk._fields))
        beamline.close()
        return
    signals = Walk(
        signal("random_walk:dt", name="time_delta"),
        signal("random_walk:x", name="x", access="r"),
        signal(guarded, name="stubborn"),
        signal("random_walk:dt", name="some name with spaces"),
    )
    yield signals
    close_all()


def run(RE: RunEngine, plan: Any, *subscriptions: Any) -> tuple[Any, list[Any], str]:
    """Run a plan; return its result, its documents, which fit their schemas, and what it printed."""
    documents: list[Any] = []
    printed = io.StringIO()
    with redirect_stdout(printed):
        token = RE.subscribe(lambda name, doc: documents.append((name, doc)))
        result = RE(plan, *subscriptions)
        RE.unsubscribe(token)
    for name, doc in documents:
        schema_validators[DocumentNames[name]].validate(doc)
    return result, documents, printed.getvalue()


def column(table: str, name: str) -> list[str]:
    """Return the cells of one column of a printed LiveTable."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")
    ]
    heads = rows[0]
    return [row[heads.index(name)] for row in rows[1:] if re.fullmatch(r"\d+", row[0])]


def wait_until_it_walks(x: Any) -> None:
    """Wait for two steps: a new period holds after the step that was begun with the old one."""
    steps = threading.Semaphore(0)
    number = x.subscribe(lambda value, **_: steps.release())
    assert all(steps.acquire(timeout=8) for _ in range(3))
    x.clear_sub(number)


def test_a_writable_signal_is_a_detector(walk: Walk, RE: RunEngine) -> None:
    result, documents, table = run(RE, count([walk.time_delta]), LiveTable(["time_delta", "x"]))
    assert len(result) == 1
    assert column(table, "time_delta") == ["3"]
    (event,) = [doc for name, doc in documents if name == "event"]
    assert event["data"] == {"time_delta": 3.0}


def test_a_writable_signal_is_a_motor(walk: Walk, RE: RunEngine) -> None:
    _, documents, table = run(RE, list_scan([], walk.time_delta, [0.1, 0.3, 1, 3]), LiveTable(["time_delta", "x"]))
    assert column(table, "time_delta") == ["0", "0", "1", "3"]
    assert [doc["data"]["time_delta"] for name, doc in documents if name == "event"] == [0.1, 0.3, 1.0, 3.0]


def test_mv(walk: Walk, RE: RunEngine) -> None:
    assert RE(mv(walk.time_delta, 1)) == ()
    assert walk.time_delta.get() == 1.0


def test_polling(walk: Walk, RE: RunEngine) -> None:
    _, documents, table = run(RE, count([walk.x], num=5, delay=0.05), LiveTable(["time_delta", "x"]))
    assert len(column(table, "x")) == 5
    # Not since the first event: the plan counts from the beginning of a reading, which a busy machine may draw out.
    (begin,) = [doc["time"] for name, doc in documents if name == "start"]
    times = [doc["time"] for name, doc in documents if name == "event"]
    assert times[-1] - begin >= 0.19


def test_the_monitor_stream(walk: Walk, RE: RunEngine) -> None:
    walk.time_delta.put(0.05)
    wait_until_it_walks(walk.x)

    def monitor_x_for(duration: float) -> Iterator[Msg]:
        yield from open_run()
        yield from monitor(walk.x, name="x_monitor")
        yield from sleep(duration)
        yield from unmonitor(walk.x)
        yield from close_run()

    _, documents, table = run(RE, monitor_x_for(1), LiveTable(["x"], stream_name="x_monitor"))
    names = [doc["name"] for name, doc in documents if name == "descriptor"]
    assert names == ["x_monitor"]
    kinds = [name for name, _ in documents]
    assert kinds[:3] == ["start", "descriptor", "event"]
    assert kinds.count("event") >= 4
    assert len(column(table, "x")) == kinds.count("event")


def test_read_and_describe(walk: Walk) -> None:
    async def look() -> tuple[Any, Any]:
        return await walk.time_delta.read(), await walk.time_delta.describe()

    reading, described = asyncio.run(look())
    assert reading["time_delta"]["value"] == 3.0
    assert reading["time_delta"]["timestamp"] > 1e9
    key = described["time_delta"]
    assert (key["source"], key["dtype"], key["shape"]) == ("ca://random_walk:dt", "number", [])
    assert key["precision"] == 0
    assert key["units"] == ""


def test_set_and_wait(walk: Walk) -> None:
    walk.time_delta.set(10).wait()
    walk.time_delta.set(10).wait(timeout=1)
    status = walk.time_delta.set(5)
    status.wait(timeout=1)
    assert walk.time_delta.get() == 5.0
    assert status.success
    first, second = walk.time_delta.set(1), walk.blanks.set(1)
    wait(first, second, timeout=1)


def test_subscribe_into_a_deque_from_a_worker_thread(walk: Walk) -> None:
    walk.time_delta.set(0.05).wait()
    wait_until_it_walks(walk.x)
    readings: deque[Any] = deque(maxlen=5)
    threads: set[str] = set()
    enough = threading.Event()

    def accumulate(value: float, old_value: float | None, timestamp: float, **_: Any) -> None:
        readings.append({"x": {"value": value, "timestamp": timestamp}})
        threads.add(threading.current_thread().name)
        if len(readings) == 5:
            enough.set()

    number = walk.x.subscribe(accumulate)
    assert isinstance(number, int)
    assert enough.wait(5)
    walk.x.clear_sub(number)
    stamps = [reading["x"]["timestamp"] for reading in readings]
    assert stamps == sorted(stamps)
    assert threading.current_thread().name not in threads


def test_a_name_with_blanks(walk: Walk, RE: RunEngine) -> None:
    _, documents, _ = run(RE, count([walk.blanks]))
    (event,) = [doc for name, doc in documents if name == "event"]
    assert event["data"] == {"some name with spaces": 3.0}


def test_a_signal_on_a_read_only_pv_reads_and_only_fails_to_set(walk: Walk, RE: RunEngine) -> None:
    _, documents, _ = run(RE, count([walk.stubborn]))
    assert [name for name, _ in documents].count("event") == 1
    status = walk.stubborn.set(1.0)
    with pytest.raises(WriteError, match="guarded") as caught:
        status.wait(timeout=5)
    assert isinstance(caught.value, PutRefusedError)
    assert bool(caught.value)
    assert isinstance(walk.stubborn.get(), float)
