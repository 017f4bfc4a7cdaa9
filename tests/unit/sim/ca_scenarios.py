"""Channel Access clients for the tests of the demo's server: `python ca_scenarios.py NAME`, the answer is JSON.

A process of its own, since libca reads its environment once. Raw aioca, so that nothing of this project stands
between the test and the wire.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from aioca import FORMAT_CTRL, FORMAT_TIME, caget, cainfo, caput, purge_channel_caches

P = "DEMO:"
X = f"{P}STAGE:X"


async def described() -> dict[str, Any]:
    """Return what is told of the fields of an axis that nobody has moved."""
    told = await caget([X + field for field in (".VAL", ".RBV", ".VELO", ".ACCL")], format=FORMAT_CTRL)
    writable = [(await cainfo(X + field)).write for field in (".VAL", ".RBV", ".DMOV")]
    untouched = await caget(f"{P}STAGE:Y.RBV", format=FORMAT_TIME)
    return {
        "limits": [[one.lower_ctrl_limit, one.upper_ctrl_limit] for one in told[:2]],
        "display": [[one.lower_disp_limit, one.upper_disp_limit] for one in told[:2]],
        "units": [one.units for one in told],
        "precision": [one.precision for one in told],
        "writable": writable,
        "severity": untouched.severity,
        "timestamp": untouched.timestamp,
    }


async def scan() -> list[list[int]]:
    """Do the grid scan of ophyd-async's tutorial by hand; return the counts row by row."""
    for axis in "XY":
        await caput(f"{P}STAGE:{axis}.VELO", 1000, wait=True)
    rows: list[list[int]] = []
    for x in (1, 1.5, 2):
        await caput(f"{P}STAGE:X.VAL", x, wait=True, timeout=10)
        for y in (2, 2.5, 3):
            await caput(f"{P}STAGE:Y.VAL", y, wait=True, timeout=10)
            await caput(f"{P}DET:Reset.PROC", 1, wait=True, timeout=10)
            await caput(f"{P}DET:Start.PROC", 1, wait=True, timeout=10)
            rows.append([int(value) for value in await caget([f"{P}DET:{channel}:Value" for channel in (1, 2, 3)])])
    for axis in "XY":
        await caput(f"{P}STAGE:{axis}.VAL", 0, wait=True, timeout=10)
    return rows


async def types() -> dict[str, Any]:
    """Return the kind of every PV on Channel Access, and whether it can be written."""
    kinds = {}
    for name in sys.argv[2:]:
        info = await cainfo(name)
        value = await caget(name, format=FORMAT_CTRL)
        kinds[name] = [info.datatype, getattr(value, "severity", None)]
    return kinds


async def main() -> None:
    """Run one scenario and leave no channel open."""
    scenario: Callable[[], Awaitable[Any]] = globals()[sys.argv[1]]
    try:
        answer = await scenario()
    finally:
        purge_channel_caches()
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    asyncio.run(main())
