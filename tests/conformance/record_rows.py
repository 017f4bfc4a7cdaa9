"""Run in an environment that has ophyd-async and ophyd: print what one of them reads and describes, as JSON.

record_rows.py CLIENT PREFIX NAME...     CLIENT: ophyd-async-ca, ophyd-async-pva, ophyd
"""

import asyncio
import json
import sys
from typing import Any


async def by_ophyd_async(protocol: str, names: list[str], prefix: str) -> dict[str, Any]:
    """Return what ophyd-async says of each record; it infers the datatypes."""
    from ophyd_async.epics.core import epics_signal_r

    found: dict[str, Any] = {}
    for name in names:
        try:
            signal: Any = epics_signal_r(None, f"{protocol}://{prefix}{name}", name=name)
            await signal.connect(timeout=5)
            found[name] = {**(await signal.read())[name], **(await signal.describe())[name]}
        except Exception as error:  # noqa: BLE001  # it is the answer, which the test looks at
            found[name] = {"error": type(error).__name__}
    return found


def by_ophyd(names: list[str], prefix: str) -> dict[str, Any]:
    """Return what ophyd says of each record."""
    from ophyd import EpicsSignalRO

    found: dict[str, Any] = {}
    for name in names:
        signal = EpicsSignalRO(f"{prefix}{name}", name=name)
        signal.wait_for_connection(timeout=5)
        found[name] = {**signal.read()[name], **signal.describe()[name]}
    return found


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def main() -> None:
    """Print the rows of one client."""
    client, prefix, *names = sys.argv[1:]
    if client == "ophyd":
        rows = by_ophyd(names, prefix)
    else:
        rows = asyncio.run(by_ophyd_async(client.rpartition("-")[2], names, prefix))
    print("ROWS " + json.dumps(rows, default=plain))


if __name__ == "__main__":
    main()
