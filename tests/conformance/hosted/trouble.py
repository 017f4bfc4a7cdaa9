"""What a connect says of hosted devices that are in trouble, and what can be done with the others.

trouble.py IO_PREFIX
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from bluesky import RunEngine
from bluesky import plans as bp

from ophyd_decl import load_beamline
from ophyd_decl.plans import ensure_connected

lab = load_beamline(Path(__file__).with_name("trouble.yaml"), set={"vars.io": sys.argv[1]})
before = [name for name in ("ophyd", "ophyd_async", "aioca") if name in sys.modules]


async def connect_and_read():
    """Read what is there while the others are still waited for."""
    connecting = asyncio.ensure_future(lab.aconnect(timeout=3))
    await asyncio.sleep(0)  # it begins
    value = await lab.value.get_value()
    early = not connecting.done()
    return await connecting, value, early


began = time.monotonic()
report, value, early = asyncio.run(connect_and_read())
took_s = time.monotonic() - began


def error_of(call):
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


errors = {
    "read": error_of(lambda: lab.broken.read()),
    "attribute": error_of(lambda: lab["broken.there"]),
    "no member": error_of(lambda: lab["gauge.nothing"]),
    "value": error_of(lambda: asyncio.run(lab.read_many(["gauge"]))),
}
engine = RunEngine({})
documents = []
engine.subscribe(lambda name, document: documents.append(document) if name == "event" else None)
states = {device.name: device.state for device in report.devices}


def plan():
    yield from ensure_connected(lab.gauge, lab.sleeper.voltage, timeout=20)
    yield from bp.count([lab.gauge, lab.sleeper, lab.half_ophyd.there])


engine(plan())
refused = error_of(lambda: engine(ensure_connected(lab.half_async, timeout=1)))
print(
    "ANSWER",
    json.dumps(
        {
            "before": before,
            "early": early,
            "value": value,
            "took": took_s,
            "ok": report.ok,
            "states": states,
            "problems": {
                device.name: [[one.code, one.signal, one.source, one.line, one.cause] for one in device.problems]
                for device in report.devices
            },
            "errors": errors,
            "later": {device.name: device.state for device in lab.report.devices if device.name == "sleeper"},
            "event": documents[0]["data"],
            "refused": refused,
        }
    ),
)
lab.close()
