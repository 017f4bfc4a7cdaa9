"""Make the motors in a loop, as a Python file of a beamline would: `hand_written.py DEVICES SIGNALS`."""

import sys

from rival_motor import Motor, check

count, expected = sys.argv[1:]
check([Motor(f"BL22I-MO-{number:05d}", name=f"m{number:05d}") for number in range(int(count))], expected)
