"""Run in an environment that has ophyd-async: print the rows of its simulated grid scan as JSON."""

import json
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
from bluesky.run_engine import RunEngine
from ophyd_async import sim
from ophyd_async.core import init_devices

RE = RunEngine(call_returns_result=True)
pattern = sim.PatternGenerator()
with init_devices():
    stage = sim.SimStage(pattern)
    pdet = sim.SimPointDetector(pattern)
rows: list[Any] = []
keys: list[str] = []


def collect(name: str, doc: Any) -> None:
    """Keep the data of events."""
    if name == "descriptor":
        keys.extend(doc["data_keys"])
    if name == "event":
        rows.append(doc["data"])


RE.subscribe(collect)
RE(bps.mv(stage.x.velocity, 1000, stage.y.velocity, 1000))
RE(bp.grid_scan([pdet], stage.x, 1, 2, 3, stage.y, 2, 3, 3))
print("ROWS " + json.dumps({"keys": keys, "rows": rows}))
