"""Load a beamline, ask every signal for its name, and look each up by its path: `look_up.py FILE SIGNALS`."""

import json
import sys
import time

from ophyd_decl import load_beamline
from ophyd_decl.devices.node import walk
from ophyd_decl.devices.verbs import SignalNode

file, expected = sys.argv[1:]
count = int(expected)
start = time.process_time()
beamline = load_beamline(file)
loaded = time.process_time()
signals = [node for device in beamline.devices.values() for node in walk(device) if isinstance(node, SignalNode)]
paths = [signal.path for signal in signals]

walked = time.process_time()
names = {signal.name for signal in signals}
named = time.process_time()
found = [beamline[path] for path in paths]
looked_up = time.process_time()
if len(names) != count or any(one is not other for one, other in zip(found, signals, strict=True)):
    sys.exit("a path leads to another signal, or two have one name")
figures = {
    "load_us": (loaded - start) / len(beamline.devices) * 1e6,
    "naming_us": (named - walked) / count * 1e6,
    "lookup_us": (looked_up - named) / count * 1e6,
}
print("RESULT", json.dumps(figures))
