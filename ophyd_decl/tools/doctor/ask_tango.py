"""The program that asks a Tango database how it is: `python -m ophyd_decl.tools.doctor.ask_tango HOST PORT`.

A process of its own, which an alarm ends in time, since the client library does not give up a database that hangs. It
writes a line of JSON for each step: `{"obstacle": TEXT}`, then `{"devices": N, "running": N}`.
"""

import json
import signal
import sys
from typing import Any

_SERVERS = "dserver/"
#: How long the database may take to take a connection, in s.
_CONNECT_S = 2.0
#: How long it may take for everything, in s.
PATIENCE_S = 4.0


def main() -> None:
    """Ask, and write down what is known at once."""
    host, port = sys.argv[1], int(sys.argv[2])
    from ...connectors.tango import library
    from ...connectors.tango.databases import Databases

    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    obstacle = Databases().obstacle(host, port, _CONNECT_S)
    _say({"obstacle": obstacle})
    if not obstacle:
        known, running = library.devices_of(host, port)
        counts = (sum(not name.startswith(_SERVERS) for name in names) for names in (known, running))
        _say(dict(zip(("devices", "running"), counts, strict=True)))


def _say(step: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(step)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
