"""Channel Access clients for the tests of the demo's server: `python ca_scenarios.py NAME`, the answer is JSON.

A process of its own, since libca reads its environment once. Raw aioca, so that nothing of this project stands
between the test and the wire.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aioca import DBE_VALUE, FORMAT_CTRL, CANothing, caget, cainfo, camonitor, caput, purge_channel_caches

P = "DEMO:"
X = f"{P}STAGE:X:"


async def move() -> dict[str, Any]:
    """Move with put completion; look at what is there when it comes."""
    seen: list[tuple[str, float]] = []
    subscriptions = [
        camonitor(
            X + signal, lambda value, signal=signal: seen.append((signal, float(value))), DBE_VALUE, all_updates=True
        )
        for signal in ("Done", "Readback")
    ]
    await caput(X + "Velocity", 10, wait=True)
    await caput(X + "AccelerationTime", 0.1, wait=True)
    start = time.monotonic()
    await caput(X + "Setpoint", 3.3, wait=True, timeout=10)
    took_s = time.monotonic() - start
    setpoint, readback, done = [float(value) for value in await caget([X + "Setpoint", X + "Readback", X + "Done"])]
    for subscription in subscriptions:
        subscription.close()
    await caput(X + "Setpoint", 0, wait=True, timeout=10)
    return {"took_s": took_s, "setpoint": setpoint, "readback": readback, "done": done, "seen": seen}


async def stop() -> dict[str, Any]:
    """Stop a long move in the middle."""
    await caput(X + "Velocity", 1, wait=True)
    moving = asyncio.Event()
    watch = camonitor(X + "Readback", lambda value: float(value) > 0.1 and moving.set())
    start = time.monotonic()
    move = asyncio.create_task(caput(X + "Setpoint", 20, wait=True, timeout=20))
    await moving.wait()
    watch.close()
    done_while_moving = int(await caget(X + "Done"))
    await caput(X + "Stop.PROC", 1, wait=True, timeout=5)
    done, setpoint, readback = [float(value) for value in await caget([X + "Done", X + "Setpoint", X + "Readback"])]
    await move
    took_s = time.monotonic() - start
    await caput(X + "Stop.PROC", 1, wait=True, timeout=5)
    after = float(await caget(X + "Readback"))
    await caput(X + "Velocity", 1000, wait=True)
    await caput(X + "Setpoint", 0, wait=True, timeout=10)
    return {
        "done_while_moving": done_while_moving,
        "done": done,
        "setpoint": setpoint,
        "readback": readback,
        "after": after,
        "took_s": took_s,
    }


async def new_setpoint() -> dict[str, Any]:
    """Give another setpoint during a move, once without and once with put completion."""
    await caput(X + "Velocity", 5, wait=True)
    await caput(X + "AccelerationTime", 0, wait=True)
    changes: list[int] = []
    watch = camonitor(X + "Done", lambda value: changes.append(int(value)), all_updates=True)
    moving = asyncio.Event()
    watch_start = camonitor(X + "Readback", lambda value: float(value) > 0.1 and moving.set())
    first = asyncio.create_task(caput(X + "Setpoint", 20, wait=True, timeout=20))
    await moving.wait()
    await caput(X + "Setpoint", 99, wait=False)  # beyond the limit
    await caput(X + "Setpoint", 0.5, wait=False)
    await first
    without = [float(value) for value in await caget([X + "Readback", X + "Setpoint"])]
    changes_without = list(changes)
    # One that wants its completion waits for the one before.
    await asyncio.gather(
        caput(X + "Setpoint", 1, wait=True, timeout=10), caput(X + "Setpoint", 2, wait=True, timeout=10)
    )
    with_completion = [float(value) for value in await caget([X + "Readback", X + "Done"])]
    watch.close()
    watch_start.close()
    await caput(X + "Velocity", 1000, wait=True)
    await caput(X + "Setpoint", 0, wait=True, timeout=10)
    return {"without": without, "changes_without": changes_without, "with_completion": with_completion}


async def limits() -> dict[str, Any]:
    """Read the limits and go beyond one."""
    described = await caget(X + "Setpoint", format=FORMAT_CTRL)
    readback = await caget(X + "Readback", format=FORMAT_CTRL)
    await caput(X + "Velocity", 10_000, wait=True)
    await caput(X + "Setpoint", 1000, wait=True, timeout=10)
    reached = float(await caget(X + "Readback"))
    await caput(X + "Setpoint", 0, wait=True, timeout=10)
    refused: list[str] = []
    for signal in ("Readback", "Done"):
        try:
            await caput(X + signal, 1, wait=True)
        except CANothing as error:
            refused.append(str(error))
    return {
        "limits": [described.lower_ctrl_limit, described.upper_ctrl_limit],
        "display": [described.lower_disp_limit, described.upper_disp_limit],
        "units": [described.units, readback.units, (await caget(X + "Velocity", format=FORMAT_CTRL)).units],
        "precision": [described.precision, readback.precision],
        "reached": reached,
        "refused": refused,
    }


async def scan() -> list[list[int]]:
    """Do the grid scan of ophyd-async's tutorial by hand; return the counts row by row."""
    for axis in "XY":
        await caput(f"{P}STAGE:{axis}:Velocity", 1000, wait=True)
    rows: list[list[int]] = []
    for x in (1, 1.5, 2):
        await caput(f"{P}STAGE:X:Setpoint", x, wait=True, timeout=10)
        for y in (2, 2.5, 3):
            await caput(f"{P}STAGE:Y:Setpoint", y, wait=True, timeout=10)
            await caput(f"{P}DET:Reset.PROC", 1, wait=True, timeout=10)
            await caput(f"{P}DET:Start.PROC", 1, wait=True, timeout=10)
            rows.append([int(value) for value in await caget([f"{P}DET:{channel}:Value" for channel in (1, 2, 3)])])
    for axis in "XY":
        await caput(f"{P}STAGE:{axis}:Setpoint", 0, wait=True, timeout=10)
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
