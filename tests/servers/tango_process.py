"""The program of a Tango device server for tests: `tango_process.py --port PORT --device CLASS::a/b/c ... [option...]`.

Without a database, or with that of TANGO_HOST (`--database`). It says "Ready to accept request" when clients can
connect. Each line of its standard input is then JSON, `[device, what, [arguments], {keywords}]`, and calls
the method `test_WHAT` of that device. What it prints goes to standard output, then a line END. It ends when its
standard input does.
"""

import argparse
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import tango
import tango.server

sys.path.append(str(Path(__file__).parents[2]))

from tests.servers import tango_lab
from tests.servers.tango_mover import Mover, PolledMover

END = "END"
CLASSES = {kind.__name__: kind for kind in (tango_lab.Lab, Mover, PolledMover)}


def main() -> None:
    """Serve until the standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", required=True, type=int, help="TCP port of the server, on 127.0.0.1")
    parser.add_argument("--device", required=True, action="append", help="CLASS::a/b/c")
    parser.add_argument("--name", default="tests/1", help="server and instance, by which a database knows it")
    parser.add_argument("--database", action="store_true", help="export the devices to the database of TANGO_HOST")
    parser.add_argument("--labels", default="Low,High,Off", help="those of `mode`")
    parser.add_argument("--numbers", default=0, type=int, help="how many attributes n0, n1, ... a Lab has")
    options = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # Tango does not flush what it says there
    tango_lab.labels = options.labels.split(",")
    tango_lab.count = options.numbers
    server, instance = options.name.split("/")
    arguments = [server, instance, "-ORBendPoint", f"giop:tcp:127.0.0.1:{options.port}"]
    if not options.database:
        # Each name with its class: what follows a comma without one would go to some other class.
        arguments += ["-nodb", "-dlist", ",".join(options.device)]
    threading.Thread(target=obey, name="standard input", daemon=True).start()
    # Only these: a class without a device would get one of no name.
    kinds = sorted({device.partition("::")[0] for device in options.device})
    tango.server.run([CLASSES[kind] for kind in kinds], args=arguments, raises=True)


def obey() -> None:
    """Do what the lines of the standard input say, and end the process with them."""
    with tango.EnsureOmniThread():
        for line in sys.stdin:
            device, what, arguments, keywords = json.loads(line)
            try:
                found: Any = tango.Util.instance().get_device_by_name(device)
                getattr(found, f"test_{what}")(*arguments, **keywords)
            except Exception as error:  # noqa: BLE001  # whatever it is, the test is told
                print(f"FAILED {type(error).__name__}: {error}")
            print(END, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
