"""One scan of devices of three libraries in one RunEngine; the first argument says which library is imported first.

scan.py LIBRARY,LIBRARY,LIBRARY IO_PREFIX MOTOR
"""

import importlib
import json
import os
import re
import sys
from pathlib import Path

order, io, motor = sys.argv[1:]
for library in order.split(","):
    importlib.import_module({"ophyd_async": "ophyd_async.epics.core"}.get(library, library))

from bluesky import RunEngine
from bluesky import plans as bp
from event_model import DocumentNames, schema_validators

from ophyd_decl import load_beamline

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))
lab = load_beamline(FOLDER, set={"vars.io": io, "vars.motors": motor})
engine = RunEngine({})
documents = []


def keep(name, document):
    schema_validators[DocumentNames[name]].validate(document)
    documents.append((name, document))


engine.subscribe(keep)
report = lab.connect(timeout=20).or_raise()
engine(bp.scan([lab.supply, lab.gauge, lab.camera], lab.x, 0, 0.2, 3))
engine(bp.grid_scan([lab.gauge, lab.interface.frames], lab.supply.voltage, 1, 2, 2, lab.x, 0, 0.1, 2))

follower, gauge, camera = lab.follower, lab.gauge, lab.camera
import lab_async
import lab_ophyd

maps = Path("/proc/self/maps").read_text().splitlines()
libcas = {os.stat(line.split()[-1]).st_ino for line in maps if re.search(r"/libca\.so", line)}
print(
    "ANSWER",
    json.dumps(
        {
            "states": {device.name: [device.state, device.connected, device.signals] for device in report.devices},
            "names": [lab.supply.name, lab.supply.voltage.name, gauge.name, gauge.pressure.name],
            "own classes": [type(lab.supply) is lab_ophyd.Supply, type(gauge) is lab_async.Gauge],
            "native arguments": [follower.motor is lab.x, follower.value is lab.interface.exposure],
            "groups": {name: [one.name for one in found] for name, found in lab.groups.items()},
            "libcas": len(libcas),
            "one each": lab.supply is lab["supply"] is lab.devices["supply"] is lab.find("supply")[0],
            "inner": lab["gauge.pressure"] is gauge.pressure and lab["supply.voltage"] is lab.supply.voltage,
            "events": [document["data"] for name, document in documents if name == "event"],
            "hints": [document["hints"] for name, document in documents if name == "descriptor"],
            "configuration": [
                {name: one["data"] for name, one in document["configuration"].items()}
                for name, document in documents
                if name == "descriptor"
            ],
        },
        default=str,
    ),
)
lab.close()
