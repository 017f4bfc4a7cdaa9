"""Load a beamline and ask every signal for its name: `load.py FILE SIGNALS`."""

import sys

from ophyd_decl import load_beamline
from ophyd_decl.devices.node import walk
from ophyd_decl.devices.verbs import SignalNode

file, expected = sys.argv[1:]
beamline = load_beamline(file)
names = {node.name for device in beamline.devices.values() for node in walk(device) if isinstance(node, SignalNode)}
if len(names) != int(expected):
    sys.exit(f"{len(names)} names instead of {expected}")
