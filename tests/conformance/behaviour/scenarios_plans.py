"""Plans of bluesky on devices of a library: the documents that come out."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
from bluesky import preprocessors as bpp
from facts import kind, scenario

KEPT = {
    "start": (
        "plan_name",
        "plan_type",
        "motors",
        "detectors",
        "num_points",
        "num_intervals",
        "shape",
        "snaking",
        "hints",
    ),
    "descriptor": ("name", "data_keys", "hints", "object_keys"),
    "event": ("seq_num", "data", "filled"),
    "stop": ("exit_status", "num_events"),
}  # fmt: skip


@contextlib.contextmanager
def devices(lib: Any, engine: Any, **how: Any) -> Generator[SimpleNamespace]:
    """Give devices that are connected on the loop of the engine; their readbacks follow their setpoints."""
    stack = contextlib.AsyncExitStack()

    def on_loop(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, engine.loop).result(30)

    d = on_loop(stack.enter_async_context(lib.devices(mock=True, **how)))
    yield d
    on_loop(stack.aclose())


def documents(engine: Any, plan: Any) -> dict[str, Any]:
    """Return what is looked at of the documents of a plan."""
    found: dict[str, Any] = {"order": [], "events": []}

    def take(name: str, doc: Any) -> None:
        found["order"].append(name)
        kept = {key: doc[key] for key in KEPT[name] if key in doc}
        if name == "event":
            found["events"].append(kept)
        elif name == "descriptor":
            configuration = {one: configured["data"] for one, configured in sorted(doc["configuration"].items())}
            found[f"descriptor of {doc['name']}"] = kept
            found[f"configuration of {doc['name']}"] = configuration
        else:
            found[name] = kept

    engine(plan, take)
    return found


def run(make: Callable[[SimpleNamespace], Any]) -> Callable[[Any, Any], Any]:
    """Return a scenario of one plan."""

    def scenario_of(lib: Any, engine: Any) -> Any:
        with devices(lib, engine) as d:
            return documents(engine, make(d))

    return scenario_of


def named(name: str, make: Callable[[SimpleNamespace], Any]) -> None:
    function = run(make)
    function.__name__ = name
    scenario(function)


def monitored(d: Any) -> Generator[Any, Any, None]:
    yield from bps.open_run()
    yield from bps.monitor(d.det.value, name="watched")
    for value in (2.5, 3.5):
        yield from bps.sleep(0.2)  # each update by itself
        yield from bps.mv(d.det.value, value)
    yield from bps.sleep(0.2)
    yield from bps.unmonitor(d.det.value)
    yield from bps.close_run()


named("count", lambda d: bp.count([d.det, d.lens], 2))
named("count_a_signal", lambda d: bp.count([d.det.value, d.kinds.a_int], 1))
named("scan", lambda d: bp.scan([d.det], d.m, 0, 2, 3))
named("rel_scan", lambda d: bp.rel_scan([d.det], d.m, -1, 1, 3))
named("grid_scan", lambda d: bp.grid_scan([d.det], d.m, 0, 1, 2, d.n, 5, 7, 3, snake_axes=True))
named("list_scan", lambda d: bp.list_scan([d.det], d.m, [1, 3, 2], d.n, [4, 5, 6]))
named("scan_a_signal", lambda d: bp.scan([d.det], d.kinds.a_float, 0, 1, 2))
named("scan_a_derived_signal", lambda d: bp.scan([d.lens], d.lens.half, 1, 2, 2))
named("baseline", lambda d: bpp.baseline_wrapper(bp.count([d.det]), [d.m, d.axes]))
named("monitor", monitored)


@scenario
def plan_results(lib: Any, engine: Any) -> Any:
    with devices(lib, engine) as d:
        moved = engine(bps.mv(d.m, 1.5, d.det.gain, 4.0)).plan_result
        return {
            "rd of a movable": engine(bps.rd(d.m)).plan_result,
            "rd of a signal": engine(bps.rd(d.det.gain)).plan_result,
            "mv": [[status.done, status.success] for status in moved],
            "locate": engine(bps.locate(d.m)).plan_result,
            "stage": engine(bps.stage(d.det)).plan_result is not None and engine(bps.unstage(d.det)) is not None,
        }


@scenario
def a_failure_ends_a_plan(lib: Any, engine: Any) -> Any:
    with devices(lib, engine) as d:
        seen: list[Any] = []
        error = None
        try:
            engine(bp.scan([d.det], d.m, 9, 12, 2), lambda name, doc: seen.append((name, doc)))
        except Exception as caught:  # noqa: BLE001  # it is the answer
            error = caught
        stop = seen[-1][1] if seen and seen[-1][0] == "stop" else {}
        return {"raised": kind(error), "exit status": stop.get("exit_status"), "state": str(engine.state)}


@scenario
def settings(lib: Any, engine: Any) -> Any:
    with tempfile.TemporaryDirectory() as folder, devices(lib, engine) as d:
        saved = lib.Saved(Path(folder))
        engine(saved.save(d.det))
        engine(bps.mv(d.det.gain, 9.0, d.det.mode, "High", d.det.inner.limit, 5.0))
        engine(saved.restore(d.det))
        return {
            name: engine(bps.rd(signal)).plan_result
            for name, signal in {"gain": d.det.gain, "mode": d.det.mode, "limit": d.det.inner.limit}.items()
        }


@scenario
def connecting_in_a_plan(lib: Any, engine: Any) -> Any:
    device = lib.unconnected()
    engine(lib.ensure_connected(device))
    return {"value": engine(bps.rd(device.b)).plan_result, "name": device.b.name}


@scenario
def a_set_outside_a_loop(lib: Any, engine: Any) -> Any:
    with devices(lib, engine) as d:
        try:
            status = d.det.gain.set(6.0)
            status.wait(20)
        except RuntimeError as error:
            return {"raised": kind(error)}
        return {"raised": None, "value": engine(bps.rd(d.det.gain)).plan_result}
