"""The logic `triggerable: start_and_wait`."""

import asyncio
from typing import Any

import pytest

from ophyd_decl.blueprint import RoleShape
from ophyd_decl.devices.mock import set_mock_value
from ophyd_decl.errors import MoveFailedError, MoveTimeoutError, PutRefusedError

from ..devices.shapes import HERE, command, connect, make, path, shape, soft, until


def detector(**options: Any) -> Any:
    return make(
        shape(
            "det",
            soft("acquiring", False, "bool", all_updates=True),
            soft("broken", False, "bool", all_updates=True),
            soft("counts", 0, "int", format="hinted"),
            command("start", "START"),
            command("reset", "RESET"),
            roles=(
                RoleShape(
                    "triggerable",
                    "start_and_wait",
                    {
                        "start": path("start"),
                        "reset": path("reset"),
                        "done": "not acquiring",
                        "failed": "broken",
                        **options,
                    },
                    HERE,
                ),
            ),
        ),
        name="det",
        protocol="soft",
    )


def on_start(device: Any, action: Any) -> None:
    device.start.open().on_put(device.start.channels[0], lambda value, _: action())


async def test_it_ends_when_the_data_are_there() -> None:
    device = detector()
    await connect(device)
    on_start(device, lambda: set_mock_value(device.acquiring, True))
    status = device.trigger()
    await until(lambda: device._context.binding.held)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not status.done
    set_mock_value(device.acquiring, False)
    await status
    assert device._context.binding.idle


async def test_failures_are_distinct() -> None:
    device = detector(timeout=0.05)
    await connect(device)
    on_start(device, lambda: set_mock_value(device.acquiring, True))
    with pytest.raises(MoveTimeoutError, match=r"no data after 0\.05 s; waiting for `not acquiring`"):
        await device.trigger()
    set_mock_value(device.broken, True)
    with pytest.raises(MoveFailedError, match="`broken` with broken = True"):
        await device.trigger()
    device.reset.open().refuse_puts(device.reset.channels[0], "no")
    with pytest.raises(PutRefusedError, match=r"det\.reset"):
        await device.trigger()
    assert device._context.binding.idle


async def test_unstaging_ends_an_acquisition_that_a_plan_has_left() -> None:
    device = detector()
    await connect(device)
    on_start(device, lambda: set_mock_value(device.acquiring, True))
    await device.stage()
    status = device.trigger()
    await until(lambda: device._context.binding.held.get("det.acquiring"))
    await device.unstage()
    assert status.done
    assert device._context.binding.idle


async def test_a_second_trigger_takes_the_place_of_the_first() -> None:
    device = detector()
    await connect(device)
    starts: list[int] = []

    def start() -> None:
        starts.append(1)
        set_mock_value(device.acquiring, True)

    on_start(device, start)
    first = device.trigger()
    await until(lambda: len(starts) == 1)
    second = device.trigger()  # as after a pause
    await until(lambda: len(starts) == 2)
    assert first.done
    assert not second.done
    set_mock_value(device.acquiring, False)
    await second
    assert device._context.binding.idle
