"""Hosted devices in mock mode, in read-only mode, by `from BEAMLINE import NAME`, and on one loop after the other.

modes.py IO_PREFIX MOTOR FOLDER
"""

import asyncio
import importlib
import json
import sys
import threading
from pathlib import Path

io, motor, folder = sys.argv[1:]
package = Path(folder) / "lab_beamline"
package.mkdir()
text = Path(__file__).with_name("beamline.yaml").read_text()
(package / "beamline.yaml").write_text(text.replace('"IO:"', f'"{io}"').replace('"MOTORS:M1"', f'"{motor}"'))
(package / "__init__.py").write_text("from ophyd_decl import expose\n\nexpose(__name__)\n")
(Path(folder) / "read_only").mkdir()
(Path(folder) / "read_only" / "beamline.yaml").write_text(
    (package / "beamline.yaml").read_text().replace("name: lab\n", "name: lab\nread_only: true\n")
)
sys.path.insert(0, folder)

from bluesky import RunEngine
from bluesky import plan_stubs as bps
from bluesky import plans as bp

from ophyd_decl import load_beamline
from ophyd_decl.plans import ensure_connected

LIBRARIES = ("ophyd", "ophyd_async", "lab_ophyd", "lab_async")
found = {}


def loaded():
    return [name for name in LIBRARIES if name in sys.modules]


def error_of(call):
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def events_of(engine, plan):
    events = []
    token = engine.subscribe(lambda name, document: events.append(document["data"]), "event")
    engine(plan)
    engine.unsubscribe(token)
    return events


exposed = importlib.import_module("lab_beamline")
found["after the import"] = loaded()
from lab_beamline import supply

found["after `from ... import supply`"] = loaded()
found["the device itself"] = supply is exposed.beamline.supply and type(supply).__name__
found["all"] = exposed.__all__

read_only = load_beamline(Path(folder) / "read_only")
found["read-only"] = {
    "problems": [
        [one.code, one.signal]
        for device in read_only.connect(timeout=20, only=["supply", "x", "gauge"]).devices
        for one in device.problems
        if device.name in ("supply", "gauge", "x")
    ],
    "error": error_of(lambda: read_only.supply.read()),
    "native": asyncio.run(read_only.read_many(["interface.frames"])) is not None,
}
read_only.close()

# Connected before there is a RunEngine, on the thread of ophyd_decl; then two RunEngines in turn.
exposed.connect(timeout=20).or_raise()
engines = [RunEngine({}), RunEngine({})]
found["engines"] = []
for engine in engines:
    engine(ensure_connected(exposed.gauge, exposed.camera, exposed.supply, exposed.x, exposed.interface, timeout=20))
    found["engines"] += events_of(engine, bp.count([exposed.gauge, exposed.camera, supply, exposed.x]))
    engine(ensure_connected(exposed.gauge, timeout=20))
found["connects"] = exposed.gauge.connects
exposed.beamline.close()
found["threads"] = [thread.name for thread in threading.enumerate() if thread.name.startswith("ophyd_decl-hosted")]

mocked = load_beamline(package, set={"vars.io": "NOWHERE:", "vars.motors": "NOWHERE:M"})
late = load_beamline(package, set={"vars.io": "NOWHERE:"})
made_early = late.supply
found["too late"] = error_of(lambda: late.connect(mock=True))
report = mocked.connect(mock=True)
found["mock"] = {device.name: [device.state, device.signals] for device in report.devices}
found["mock class"] = [isinstance(mocked.supply, type(supply)), type(mocked.gauge) is type(exposed.gauge)]
engine = RunEngine({})
engine(ensure_connected(*mocked.devices.values()))


def plan():
    yield from bps.mv(mocked.supply.voltage, 3)
    yield from bp.count([mocked.supply, mocked.gauge])


found["mock events"] = events_of(engine, plan())
print("ANSWER", json.dumps(found))
