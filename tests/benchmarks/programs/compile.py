"""Compile a beamline after one of a single device has brought all imports: `compile.py FILE DEVICES ONE`."""

import json
import sys
import time

from ophyd_decl.compile import compile_paths

file, expected, one = sys.argv[1:]
compile_paths([one])
start = time.process_time()
compiled = compile_paths([file])
spent = time.process_time() - start
if compiled.device_count != int(expected):
    sys.exit(f"{compiled.device_count} devices instead of {expected}: {compiled.diagnostics[:1]}")
print("RESULT", json.dumps({"compile_us": spent / int(expected) * 1e6}))
