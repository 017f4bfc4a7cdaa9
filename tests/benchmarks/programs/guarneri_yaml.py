"""Load the motors with guarneri: `guarneri_yaml.py FILE SIGNALS`."""

import sys

from guarneri import Instrument
from rival_motor import Motor, check

file, expected = sys.argv[1:]
instrument = Instrument({"motor": Motor})
instrument.load(file)
check(instrument.unconnected_devices, expected)
