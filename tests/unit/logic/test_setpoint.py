"""The logic `movable: setpoint`: what ends a move, what a stop changes, and which error says what."""

import asyncio
from typing import Any

import numpy as np
import pytest

from ophyd_decl.blueprint import RoleShape, Timeouts
from ophyd_decl.devices.mock import callback_on_mock_put, mock_puts_blocked, set_mock_put_proceeds, set_mock_value
from ophyd_decl.errors import (
    BusyError,
    LimitError,
    MoveFailedError,
    MoveTimeoutError,
    PutRefusedError,
    ReadTimeoutError,
    StoppedError,
)
from ophyd_decl.vocab.readings import Limits

from ..devices.shapes import HERE, command, connect, make, path, shape, soft, soft_motor, until


def axis(
    *members: Any, setpoint: dict[str, Any] | None = None, name: str = "axis", precision: int = 3, **options: Any
) -> Any:
    """Return an axis whose readback follows only if the test says so."""
    return make(
        shape(
            "axis",
            soft("setpoint", 0.0, limits=Limits(-10, 10), **(setpoint or {})),
            soft("readback", 0.0, format="hinted", carries_device_name=True, precision=precision, all_updates=True),
            *members,
            roles=(
                RoleShape(
                    "movable", "setpoint", {"setpoint": path("setpoint"), "readback": path("readback"), **options}, HERE
                ),
            ),
        ),
        name=name,
        protocol="soft",
    )


def puts_of(signal: Any) -> list[Any]:
    values: list[Any] = []
    callback_on_mock_put(signal, lambda value: values.append(value))
    return values


async def test_a_stop_at_rest_leaves_the_setpoint_as_it_is() -> None:
    device = axis(tolerance=0.5)
    await connect(device)
    callback_on_mock_put(device.setpoint, lambda value: set_mock_value(device.readback, value + 0.3))
    await device.set(4.0)
    puts = puts_of(device.setpoint)
    await device.stop(success=True)  # bluesky does so at the end of every plan
    assert puts == []
    assert await device.setpoint.get_value() == 4.0


async def test_a_stop_at_rest_does_not_execute_the_command_where_done_says_so() -> None:
    device = axis(soft("done", True, "bool"), command("halt", "HALT"), stop=path("halt"), done="done")
    await connect(device)
    puts = puts_of_command(device.halt)
    await device.stop()
    assert puts == []
    set_mock_value(device.done, False)  # somebody else moves it
    await device.stop()
    assert puts == [1]


def puts_of_command(command: Any) -> list[Any]:
    values: list[Any] = []
    command.open().on_put(command.channels[0], lambda value, _: values.append(value))
    return values


@pytest.mark.parametrize("success", [True, False])
async def test_a_stop_right_after_the_set_sends_nothing(success: bool) -> None:
    device = axis()
    await connect(device)
    puts = puts_of(device.setpoint)
    status = device.set(4.0)
    await device.stop(success=success)
    if success:
        await status
    else:
        with pytest.raises(StoppedError):
            await status
    assert puts == []
    assert device._moves == []


async def test_a_stop_while_the_first_values_are_read_sends_nothing() -> None:
    device = axis()
    await connect(device)
    puts = puts_of(device.setpoint)
    asked: list[Any] = []

    async def hang(requests: Any) -> Any:
        asked.append(requests)
        await asyncio.Event().wait()

    device.readback.mock_connector.read = hang
    status = device.set(4.0)
    await until(lambda: asked)
    await device.stop()
    with pytest.raises(StoppedError):
        await status
    assert puts == []
    assert device._context.binding.idle


async def test_a_stop_during_the_put_ends_the_move_where_the_device_is() -> None:
    device = axis()
    await connect(device)
    with mock_puts_blocked(device.setpoint):
        status = device.set(4.0)
        await until(lambda: device.setpoint.mock_connector._links["axis-setpoint"].held)
        set_mock_value(device.readback, 1.5)
        await device.stop()  # without waiting for a completion that would come behind that of the move
    with pytest.raises(StoppedError, match="on the way to 4"):
        await status
    assert await device.setpoint.get_value() == 1.5
    await device.set(1.5)  # at once: nothing of the old move is left
    assert device._context.binding.idle


async def test_a_move_that_fails_because_it_was_stopped_ends_as_asked() -> None:
    device = axis(
        command("halt", "HALT"), soft("done", False, "bool", all_updates=True), stop=path("halt"), done="done"
    )
    await connect(device)
    status = device.set(4.0)
    await until(lambda: device._logic("movable")._may_move)
    device.halt.open().on_put(device.halt.channels[0], lambda value, _: set_mock_value(device.done, True))
    await device.stop(success=True)
    await status


async def test_a_stop_that_is_refused_is_raised_and_told_in_the_status() -> None:
    device = axis(command("halt", "HALT"), soft("done", False, "bool"), stop=path("halt"), done="done")
    await connect(device)
    status = device.set(4.0)
    await until(lambda: device._logic("movable")._may_move)
    device.halt.open().refuse_puts(device.halt.channels[0], "not now")
    with pytest.raises(PutRefusedError, match="not now"):
        await device.stop()
    with pytest.raises(PutRefusedError, match="not now"):
        await status
    assert device._context.binding.idle


async def test_a_slow_read_is_not_told_as_the_end_of_the_time_of_the_move() -> None:
    device = axis(soft("done", False, "bool", timeouts=Timeouts(read=0.02)), done="done")
    await connect(device)
    status = device.set(4.0, timeout=60)
    await until(lambda: device._logic("movable")._may_move)

    async def hang(requests: Any) -> Any:
        return [ReadTimeoutError("the server did not answer in time") for _ in requests]

    device.done.mock_connector.read = hang
    with pytest.raises(ReadTimeoutError) as caught:
        await status
    assert not isinstance(caught.value, MoveTimeoutError)


async def test_a_time_out_says_that_the_device_could_not_be_stopped() -> None:
    device = axis(command("halt", "HALT"), soft("done", False, "bool"), stop=path("halt"), done="done")
    await connect(device)
    device.halt.open().refuse_puts(device.halt.channels[0], "not now")
    with pytest.raises(MoveTimeoutError, match=r"could not be stopped: .*not now"):
        await device.set(4.0, timeout=0.02)


async def test_a_put_that_does_not_complete_is_the_time_out_of_the_move() -> None:
    device = axis()
    await connect(device)
    set_mock_put_proceeds(device.setpoint, False)
    with pytest.raises(MoveTimeoutError, match=r"not at 4\.0 after 0\.02 s; it was stopped"):
        await device.set(4.0, timeout=0.02)
    assert await device.setpoint.get_value() == 0.0


async def test_without_completion_and_condition_the_move_ends_within_the_tolerance() -> None:
    device = axis(setpoint={"wait": "no"}, tolerance=0.2)
    await connect(device)
    status = device.set(4.0)
    await until(lambda: device._logic("movable")._may_move)
    set_mock_value(device.readback, 2.0)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not status.done
    set_mock_value(device.readback, 3.9)
    await status


async def test_a_setpoint_alone_can_be_moved() -> None:
    role = RoleShape("movable", "setpoint", {"setpoint": path("value")}, HERE)
    device = make(shape("alone", soft("value", 0.0, format="hinted", carries_device_name=True), roles=(role,)))
    await connect(device)
    await device.set(3.0)
    assert await device.locate() == {"setpoint": 3.0, "readback": 3.0}
    await device.stop()
    assert await device.get_value() == 3.0


@pytest.mark.parametrize("value", [np.int64(500), np.float32(500), np.float64("nan"), float("inf"), -np.int32(11)])
async def test_numbers_of_numpy_are_checked_as_others(value: Any) -> None:
    device = axis()
    await connect(device)
    with pytest.raises(LimitError):
        await device.set(value)
    if np.isfinite(value):
        with pytest.raises(LimitError):
            await device.setpoint.set(value)
    assert await device.setpoint.get_value() == 0.0


async def test_a_readback_one_step_of_the_precision_away_is_at_the_target() -> None:
    device = axis()
    await connect(device)
    callback_on_mock_put(device.setpoint, lambda value: set_mock_value(device.readback, 0.301))
    await device.set(0.3)
    with pytest.raises(MoveFailedError):
        await device.set(0.3025)


async def test_a_precision_of_0_allows_no_distance() -> None:
    device = axis(precision=0)
    await connect(device)
    with pytest.raises(MoveFailedError, match="the readback is not at the target"):
        await device.set(0.9)
    callback_on_mock_put(device.setpoint, lambda value: set_mock_value(device.readback, value))
    await device.set(0.9)


async def test_with_a_precision_of_0_and_no_completion_a_move_waits_for_the_target() -> None:
    device = axis(precision=0, setpoint={"wait": "no"})
    await connect(device)
    status = device.set(0.9)
    await until(lambda: device._logic("movable")._may_move)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not status.done
    set_mock_value(device.readback, 0.9)
    await status


async def test_the_second_of_two_sets_is_refused_and_a_third_after_them_is_not() -> None:
    device = axis()
    await connect(device)
    callback_on_mock_put(device.setpoint, lambda value: set_mock_value(device.readback, value))
    first, second = device.set(1.0), device.set(2.0)
    with pytest.raises(BusyError, match="the set to 2"):
        await second
    await first
    await device.set(3.0)
    assert await device.get_value() == 3.0


def test_put_and_get_in_a_thread() -> None:
    device = axis(name="axis")
    binding = device._context.binding
    binding.run(lambda: connect(device), "connect()", "")
    callback_on_mock_put(device.setpoint, lambda value: set_mock_value(device.readback, value))
    device.put(2.0)
    assert device.get() == 2.0
    status = device.set(3.0)
    status.wait(5)
    device.put(1.0)  # at once: the set before has ended for everybody
    assert binding.idle
    binding.leave()


async def test_a_move_in_mock_mode_can_be_held_and_stopped() -> None:
    device = make(soft_motor(), mock=True)
    await connect(device)
    with mock_puts_blocked(device.setpoint):
        status = device.set(4.0)
        await until(lambda: device._moves and device._context.binding.in_flight > 1)
        async with asyncio.timeout(1):
            await device.stop(success=True)
        await status
    assert device._context.binding.idle
