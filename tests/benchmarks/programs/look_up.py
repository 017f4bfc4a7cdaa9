"""Look every signal of a beamline up by its path, and ask it for its name: `look_up.py FILE SIGNALS`."""

import json
import sys
import time

from ophyd_decl import load_beamline
from ophyd_decl.devices.node import walk
from ophyd_decl.devices.verbs import SignalNode

file, expected = sys.argv[1:]
count = int(expected)
beamline = load_beamline(file)
signals = [node for device in beamline.devices.values() for node in walk(device) if isinstance(node, SignalNode)]
paths = [signal.path for signal in signals]

start = time.process_time()
names = {signal.name for signal in signals}
named = time.process_time()
found = [beamline[path] for path in paths]
looked_up = time.process_time()
if len(names) != count or any(one is not other for one, other in zip(found, signals, strict=True)):
    sys.exit("a path leads to another signal, or two have one name")
figures = {"naming_us": (named - start) / count * 1e6, "lookup_us": (looked_up - named) / count * 1e6}
print("RESULT", json.dumps(figures))
