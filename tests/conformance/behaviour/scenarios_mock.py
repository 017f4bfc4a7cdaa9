"""Helpers of mock mode."""

import asyncio
from typing import Any
from unittest.mock import call

from facts import kind, raised, scenario, until


@scenario
async def mock_values(lib: Any) -> Any:
    async with lib.devices(mock=True) as d:
        lib.core.set_mock_value(d.shutter.state, 2)
        found = {"set": await d.shutter.state.get_value()}
        values = lib.core.set_mock_values(d.shutter.state, [3, 4])
        found["one after the other"] = [[value, await d.shutter.state.get_value()] for value in values]
        lib.core.set_mock_units(d.shutter.wanted, "mm")
        lib.core.set_mock_precision(d.shutter.wanted, 4)
        found["data key"] = (await d.shutter.wanted.describe())["shutter-wanted"]
        found["what does not fit"] = await raised(lambda: lib.core.set_mock_value(d.shutter.state, "nonsense"))
        return found


@scenario
async def mock_puts(lib: Any) -> Any:
    async with lib.devices(mock=True) as d:
        await d.shutter.wanted.set(2)
        mock = lib.core.get_mock_put(d.shutter.wanted)
        found: dict[str, Any] = {"recorded before it was asked for": mock.call_args_list == [call(2.0)]}
        with lib.core.callback_on_mock_put(d.shutter.wanted, lambda value: value / 2):
            await d.shutter.wanted.set(3.0)
        found["changed by a callback"] = await d.shutter.wanted.get_value()
        await d.shutter.wanted.set(3.0)
        found["behind its block"] = await d.shutter.wanted.get_value()

        async def follow(value: float) -> None:
            await asyncio.sleep(0)
            await d.shutter.state.set(int(value))

        lib.core.callback_on_mock_put(d.shutter.wanted, lambda value: 99.0)
        lib.core.callback_on_mock_put(d.shutter.wanted, follow)
        await d.shutter.wanted.set(6.0)
        found["the callback that was given last"] = [
            await d.shutter.wanted.get_value(), await d.shutter.state.get_value()
        ]  # fmt: skip
        found["arguments"] = [list(one.args) for one in mock.call_args_list]
        found["order below the device"] = [str(one) for one in lib.core.get_mock(d.shutter).mock_calls]
        mock.reset_mock()
        found["forgotten"] = mock.call_count
        return found


@scenario
async def mock_puts_that_are_held(lib: Any) -> Any:
    async with lib.devices(mock=True) as d:
        found: dict[str, Any] = {}
        with lib.core.mock_puts_blocked(d.shutter.wanted):
            status = d.shutter.wanted.set(2.0)
            await until(lambda: lib.core.get_mock_put(d.shutter.wanted).called)
            await asyncio.sleep(0.02)
            found["inside"] = [status.done, await d.shutter.wanted.get_value()]
        await status
        found["behind"] = status.success
        lib.core.set_mock_put_proceeds(d.n.setpoint, False)
        move = d.n.set(1.0)
        await asyncio.sleep(0.05)
        found["a move whose put is held"] = move.done
        lib.core.set_mock_put_proceeds(d.n.setpoint, True)
        await move
        found["the move behind it"] = await d.n.readback.get_value()
        return found


@scenario
async def mock_puts_that_fail(lib: Any) -> Any:
    async with lib.devices(mock=True) as d:
        lib.core.get_mock_put(d.shutter.wanted).side_effect = ValueError("broken")
        error = None
        try:
            await d.shutter.wanted.set(1.0)
        except Exception as caught:  # noqa: BLE001  # it is the answer
            error = caught
        return {"kind": kind(error), "tells why": "broken" in str(error), "value": await d.shutter.wanted.get_value()}


@scenario
async def mock_executions(lib: Any) -> Any:
    async with lib.devices(mock=True) as d:
        told: list[str] = []
        await d.shutter.go.trigger()
        mock = lib.core.get_mock_execute(d.shutter.go)
        found: dict[str, Any] = {"recorded before it was asked for": mock.call_args_list == [call()]}

        async def slow() -> None:
            await asyncio.sleep(0)
            told.append("slow")

        with lib.core.callback_on_mock_execute(d.shutter.go, slow):
            await d.shutter.go.trigger()
        await d.shutter.go.trigger()
        found["callback"] = told

        def fail() -> None:
            raise RuntimeError("jammed")

        lib.core.callback_on_mock_execute(d.shutter.go, fail)
        found["a callback that raises"] = await raised(d.shutter.go.trigger())
        await d.shutter.wanted.set(1.0)
        found["order below the device"] = [str(one) for one in lib.core.get_mock(d.shutter).mock_calls]
        return found


@scenario
async def mock_helpers_outside_mock_mode(lib: Any) -> Any:
    async with lib.devices() as d:
        return {
            "set_mock_value": await raised(lambda: lib.core.set_mock_value(d.det.value, 1.0)),
            "get_mock": await raised(lambda: lib.core.get_mock(d.det)) is not None,
        }
