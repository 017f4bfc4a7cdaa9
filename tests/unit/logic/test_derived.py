"""The logic `movable: derived`: all targets or none."""

from typing import Any

import pytest

from ophyd_decl.devices.mock import callback_on_mock_put, set_mock_put_proceeds, set_mock_value
from ophyd_decl.errors import BusyError, StoppedError

from ..devices.shapes import connect, until
from ..devices.test_roles import follow, slit


async def waiting(device: Any) -> Any:
    """Return the status of a move of the slit whose left blade does not arrive."""
    callback_on_mock_put(device.right.setpoint, follow(device.right))
    set_mock_put_proceeds(device.left.setpoint, False)
    status = device.set(4.0)
    await until(lambda: device.left._moves and device.left._logic("movable")._may_move)
    return status


def let_go(device: Any) -> None:
    set_mock_put_proceeds(device.left.setpoint, True)


async def test_a_target_that_another_set_moves_is_busy_and_nothing_moves() -> None:
    device = slit()
    await connect(device)
    set_mock_put_proceeds(device.left.setpoint, False)
    other = device.left.set(1.0)
    await until(lambda: device.left._logic("movable")._may_move)
    with pytest.raises(BusyError, match=r"another set is moving slit\.left; nothing was moved"):
        await device.set(4.0)
    assert await device.right.setpoint.get_value() == 0.0
    set_mock_value(device.left.readback, 1.0)
    let_go(device)
    await other
    assert device._context.binding.idle


@pytest.mark.parametrize("success", [True, False])
async def test_a_stop_ends_all_targets_and_the_status_as_asked(success: bool) -> None:
    device = slit()
    await connect(device)
    status = await waiting(device)
    let_go_soon(device)
    await device.stop(success=success)
    if success:
        await status
    else:
        with pytest.raises(StoppedError, match="slit"):
            await status
    assert not device.left._moves
    assert not device.right._moves
    assert device._context.binding.idle


def let_go_soon(device: Any) -> None:
    """Complete what waits when the stop has written."""
    callback_on_mock_put(device.left.setpoint, lambda value: let_go(device))


async def test_its_setpoint_is_computed_from_setpoints() -> None:
    device = slit()
    await connect(device)
    set_mock_value(device.left.setpoint, -1.0)
    set_mock_value(device.right.setpoint, 1.0)
    set_mock_value(device.right.readback, 0.9995)
    set_mock_value(device.left.readback, -0.9995)
    assert await device.locate() == {"setpoint": 2.0, "readback": 1.999}
    set_mock_value(device.right.readback, 0.75)  # it has not come to where it was told to be, and no set moves it
    assert await device.locate() == {"setpoint": 1.75, "readback": 1.7495}


async def test_a_cancelled_move_leaves_no_target_moving() -> None:
    device = slit()
    await connect(device)
    status = await waiting(device)
    let_go_soon(device)
    status.task.cancel()
    await until(lambda: status.done)
    assert not device.left._moves
    assert await device.left.setpoint.get_value() == 0.0
    assert device._context.binding.idle
