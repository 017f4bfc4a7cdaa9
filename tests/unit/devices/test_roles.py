"""Moving and triggering: ends, failures, stops, limits, watchers; on values of this process that play a server."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ophyd_decl.blueprint import RoleShape
from ophyd_decl.devices.mock import callback_on_mock_put, set_mock_value
from ophyd_decl.errors import (
    BadValueError,
    BusyError,
    LimitError,
    MoveFailedError,
    MoveTimeoutError,
    StoppedError,
)
from ophyd_decl.vocab.readings import Limits

from .shapes import HERE, child, connect, derived, make, path, shape, soft, soft_motor, until


def role(name: str, plugin: str, **options: Any) -> RoleShape:
    return RoleShape(name, plugin, options, HERE)


def heater(**options: Any) -> Any:
    return make(
        shape(
            "heater",
            soft("setpoint", 0.0, limits=Limits(0, 300), wait="no"),
            soft("temperature", 0.0, units="K", format="hinted", carries_device_name=True),
            soft("stable", True, "bool", all_updates=True),
            soft("broken", False, "bool", all_updates=True),
            roles=(
                role(
                    "movable",
                    "setpoint",
                    setpoint=path("setpoint"),
                    readback=path("temperature"),
                    done="stable",
                    failed="broken",
                    **{"tolerance": 0.2, **options},
                ),
            ),
        ),
        name="heater",
    )


async def test_a_move_with_a_condition_ends_when_it_holds_and_tells_its_watchers() -> None:
    device = heater(grace=1.0)
    await connect(device)
    updates: list[Any] = []
    status = device.set(100.0)
    status.watch(lambda **update: updates.append(update))
    await until(lambda: device._context.binding.held.get("heater.stable") and len(updates) >= 2)
    set_mock_value(device.stable, False)
    set_mock_value(device.temperature, 50.0)
    await until(lambda: any(update["current"] == 50.0 for update in updates))
    assert not status.done
    set_mock_value(device.temperature, 99.9)
    set_mock_value(device.stable, True)
    await status
    assert (updates[0]["current"], updates[0]["target"], updates[0]["unit"]) == (0.0, 100.0, "K")
    assert updates[-1]["current"] == 99.9
    assert next(update["fraction"] for update in updates if update["current"] == 50.0) == 0.5
    assert device._context.binding.idle


async def test_a_done_that_flickers_faster_than_the_loop_is_not_missed() -> None:
    device = heater(grace=5.0)
    await connect(device)
    status = device.set(10.0)
    await until(lambda: device._context.binding.held.get("heater.stable"))
    await asyncio.sleep(0.02)
    set_mock_value(device.temperature, 10.0)
    set_mock_value(device.stable, False)
    set_mock_value(device.stable, True)
    async with asyncio.timeout(1):
        await status


async def test_a_move_that_ends_elsewhere_fails() -> None:
    device = heater()
    await connect(device)
    with pytest.raises(MoveFailedError, match=r"not at the target; expected 100\.0 K within 0\.2 K, found 0\.0 K"):
        await device.set(100.0)


async def test_a_device_that_says_it_failed_fails_the_move() -> None:
    device = heater(grace=5.0)
    await connect(device)
    status = device.set(100.0)
    await until(lambda: device._context.binding.held.get("heater.broken"))
    set_mock_value(device.broken, True)
    with pytest.raises(MoveFailedError, match=r"`broken` with broken = True"):
        await status


async def test_a_move_that_does_not_end_times_out_and_is_stopped() -> None:
    device = heater(grace=5.0)
    await connect(device)
    set_mock_value(device.stable, False)
    set_mock_value(device.temperature, 7.0)
    message = r"not at 100\.0 after 0\.05 s; waiting for `stable` with stable = False"
    with pytest.raises(MoveTimeoutError, match=message) as caught:
        await device.set(100.0, timeout=0.05)
    assert isinstance(caught.value, TimeoutError)
    assert await device.setpoint.get_value() == 7.0


@pytest.mark.parametrize("value", [300.5, -1.0])
async def test_a_target_outside_the_limits_is_refused_before_anything_moves(value: float) -> None:
    device = heater()
    await connect(device)
    with pytest.raises(LimitError, match=r"heater \(soft://heater-setpoint\).*outside the limits \[0, 300\]"):
        await device.set(value)
    with pytest.raises(LimitError):
        await device.check_value(value)
    assert await device.setpoint.get_value() == 0.0


async def test_named_positions() -> None:
    device = heater(positions={"cold": 4.2}, grace=0.0)
    await connect(device)
    callback_on_mock_put(device.setpoint, lambda value: set_mock_value(device.temperature, value))
    await device.set("cold")
    assert await device.get_value() == 4.2
    with pytest.raises(BadValueError, match=r"neither a number nor a named position \(cold\)"):
        await device.set("warm")


@pytest.mark.parametrize("success", [True, False])
async def test_stop_ends_the_move_as_asked(success: bool) -> None:
    device = heater(grace=5.0)
    await connect(device)
    set_mock_value(device.stable, False)
    status = device.set(100.0)
    await until(lambda: device._context.binding.held.get("heater.stable"))
    await device.stop(success=success)
    if success:
        await status
    else:
        with pytest.raises(StoppedError, match="was stopped on the way to 100"):
            await status
    assert device._context.binding.idle


async def test_a_second_set_during_a_move_is_refused() -> None:
    device = heater(grace=5.0)
    await connect(device)
    set_mock_value(device.stable, False)
    status = device.set(100.0)
    await until(lambda: device._context.binding.held.get("heater.stable"))
    with pytest.raises(BusyError):
        await device.set(50.0)
    await device.stop(success=True)
    await status


async def test_a_cancelled_move_stops_the_device_and_leaves_nothing() -> None:
    device = heater(grace=5.0)
    await connect(device)
    set_mock_value(device.stable, False)
    set_mock_value(device.temperature, 3.0)
    status = device.set(100.0)
    await until(lambda: device._context.binding.held.get("heater.stable"))
    await asyncio.sleep(0.01)
    status.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await status
    assert await device.setpoint.get_value() == 3.0
    assert device._context.binding.idle


async def test_a_derived_move_moves_all_its_inputs_from_one_snapshot() -> None:
    device = slit()
    await connect(device)
    for blade in (device.left, device.right):
        callback_on_mock_put(blade.setpoint, follow(blade))
    await device.set(4.0)
    assert (await device.left.get_value(), await device.right.get_value()) == (-2.0, 2.0)
    assert (await device.locate())["readback"] == 4.0
    assert device.hints == {"fields": ["slit"]}


async def test_a_derived_move_stops_the_others_at_the_first_failure() -> None:
    device = slit()
    await connect(device)
    callback_on_mock_put(device.left.setpoint, follow(device.left))
    with pytest.raises(MoveFailedError, match=r"slit\.right"):
        await device.set(4.0)
    assert device._context.binding.idle


async def test_a_derived_move_checks_every_target_before_anything_moves() -> None:
    device = slit(limit=1.0)
    await connect(device)
    with pytest.raises(LimitError, match=r"slit\.right"):
        await device.set(4.0)
    assert await device.left.setpoint.get_value() == 0.0


def slit(limit: float = 100.0) -> Any:
    right = shape(
        "blade",
        soft("setpoint", 0.0, limits=Limits(-limit, limit)),
        soft("readback", 0.0, format="hinted", carries_device_name=True, precision=3),
        roles=(role("movable", "setpoint", setpoint=path("setpoint"), readback=path("readback")),),
    )
    return make(
        shape(
            "slit",
            child("left", soft_motor()),
            child("right", right),
            derived(
                "gap",
                "b - a",
                {"a": "left", "b": "right"},
                {"left": "(a + b) / 2 - value / 2", "right": "(a + b) / 2 + value / 2"},
                format="hinted",
                carries_device_name=True,
            ),
            roles=(role("movable", "derived", signal=path("gap")),),
        ),
        name="slit",
    )


def follow(motor: Any) -> Any:
    return lambda value: set_mock_value(motor.readback, value)


def test_threads_that_ask_at_once_get_the_same_logic() -> None:
    motor = make(soft_motor())
    make_logic = motor._logic_of["movable"]
    together = threading.Barrier(4)

    def make_slowly() -> Any:
        time.sleep(0.05)
        return make_logic()

    def ask(_: int) -> Any:
        together.wait(10)
        return motor._logic("movable")

    motor._logic_of["movable"] = make_slowly
    with ThreadPoolExecutor(4) as threads:
        logics = list(threads.map(ask, range(4)))
    assert logics == [motor._logic("movable")] * 4
