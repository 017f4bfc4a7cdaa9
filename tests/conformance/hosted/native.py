"""What ophyd-async does with native signals: what it takes, and what it refuses since they are no instances of its own.

native.py IO_PREFIX
"""

import asyncio
import json
import sys
from pathlib import Path

from ophyd_async.core import (
    Device,
    DeviceVector,
    Settings,
    StandardReadable,
    TriggerInfo,
    observe_signals_value,
    set_and_wait_for_other_value,
    set_and_wait_for_value,
    set_mock_value,
    wait_for_value,
)
from ophyd_async.core import (
    StandardReadableFormat as Format,
)

from ophyd_decl import load_beamline

lab = load_beamline(Path(__file__).with_name("beamline.yaml"), set={"vars.io": sys.argv[1]})
signals = lab.interface


def refused(call):
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return ""


async def main():
    await lab.aconnect(timeout=20, only="camera")  # and what it refers to
    camera, found = lab.camera, {}
    await camera.stage()
    await camera.prepare(TriggerInfo(livetime=0.3))
    found["exposure"] = await signals.exposure.get_value()
    await set_and_wait_for_value(signals.exposure, 0.1, timeout=20)
    await wait_for_value(signals.exposure, lambda value: value < 0.2, timeout=20)
    before = await signals.frames.get_value()
    await set_and_wait_for_other_value(signals.acquire, 1, signals.frames, before + 1, timeout=20, set_timeout=20)
    found["frames"] = await signals.frames.get_value() - before
    async for signal, value in observe_signals_value(signals.idle, timeout=20):
        found["idle"] = [signal is signals.idle, value]
        break
    await camera.unstage()

    readable, holder = StandardReadable(name="readable"), Device(name="holder")
    holder.native = signals.idle
    readable.add_readables([signals.exposure])
    found["a readable"] = {name: one["value"] for name, one in (await readable.read()).items()}
    found["a child"] = [name for name, _ in holder.children()]
    found["refused"] = {
        "add_readables": refused(lambda: readable.add_readables([signals.idle], Format.HINTED_SIGNAL)),
        "DeviceVector": refused(lambda: DeviceVector({1: signals.idle})),
        "Settings": refused(lambda: Settings(holder, {signals.exposure: 1.0})),
        "set_mock_value": refused(lambda: set_mock_value(signals.exposure, 1.0)),
    }
    await lab.aclose()
    return found


print("ANSWER", json.dumps(asyncio.run(main())))
