"""Run with a library of devices: observe a PV until told that its server was killed; print what came of it.

loss_rows.py ours|theirs PV      a line on stdin: the server is gone
"""

import asyncio
import json
import sys
from typing import Any


async def observed(side: str, pv: str) -> tuple[Any, Any]:
    """Return a signal that is connected, and how it is observed."""
    if side == "ours":
        import ophyd_decl

        signal: Any = ophyd_decl.signal(f"ca://{pv}", name="watched", dtype="float", access="r")
        return signal, ophyd_decl.observe_value
    from ophyd_async.core import observe_value
    from ophyd_async.epics.core import epics_signal_r

    signal = epics_signal_r(float, f"ca://{pv}", name="watched")
    await signal.connect(timeout=20)
    return signal, observe_value


async def main(side: str, pv: str) -> None:
    """Print the facts."""
    signal, observe = await observed(side, pv)
    facts: dict[str, Any] = {"values": 0, "ended": None}
    first = asyncio.Event()

    async def follow() -> None:
        try:
            async for _ in observe(signal):
                facts["values"] += 1
                first.set()
        except Exception as error:  # noqa: BLE001  # it is the answer
            facts["ended"] = {"class": type(error).__name__, "names the signal": "watched" in str(error)}

    task = asyncio.create_task(follow())
    await asyncio.wait_for(first.wait(), 20)
    print("READY", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await asyncio.wait([task], timeout=3)
    print("FACTS " + json.dumps(facts), flush=True)
    task.cancel()
    await asyncio.wait([task])


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
