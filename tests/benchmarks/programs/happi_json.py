"""Load the motors with happi: `happi_json.py FILE SIGNALS`."""

import sys

import happi
from rival_motor import check

file, expected = sys.argv[1:]
client = happi.Client(path=file)
check([result.get() for result in client.search()], expected)
