"""The helpers of mock mode: values, units, puts and executions, as tests written for ophyd-async use them."""

import asyncio
import sys
from typing import Any
from unittest.mock import call

import pytest

from ophyd_decl import (
    callback_on_mock_execute,
    callback_on_mock_put,
    get_mock,
    get_mock_execute,
    get_mock_put,
    mock_puts_blocked,
    set_mock_precision,
    set_mock_units,
    set_mock_value,
    set_mock_values,
)
from ophyd_decl.blueprint import Address, CommandShape, Param, Template
from ophyd_decl.errors import LimitError, OphydDeclError, PutRefusedError
from ophyd_decl.vocab.datatypes import Datatype

from .shapes import HERE, child, command, connect, derived, make, shape, soft, soft_motor, until, wire


def asked(key: str, argument: str, returns: str) -> CommandShape:
    """Return a command that takes one value and returns one."""
    address = Address("tango", None, Template((Param("prefix"), key)))
    return CommandShape(key, address, None, HERE, argument=Datatype(argument), returns=Datatype(returns))


async def mocked(*members: Any) -> Any:
    device = make(shape("g", *members), mock=True)
    assert await connect(device) == {}
    return device


async def test_a_put_is_recorded_also_before_anybody_asks() -> None:
    device = await mocked(wire("v", "V", rbv=True), wire("n", "N", "int"))
    await device.v.set(3)
    get_mock_put(device.v).assert_called_once_with(3.0)
    get_mock_put(device.n).assert_not_called()
    await device.v.set(4.0)
    assert get_mock_put(device.v).call_args_list == [call(3.0), call(4.0)]
    get_mock_put(device.v).reset_mock()
    get_mock_put(device.v).assert_not_called()


async def test_the_mock_of_a_device_has_all_calls_below_it_in_order() -> None:
    device = await mocked(wire("v", "V"), command("go", "GO"), child("m", soft_motor()))
    await device.v.set(1.0)
    await device.m.set(2.0)
    await device.go.trigger()
    await device.v.set(0.0)
    assert get_mock(device).mock_calls == [
        call.v.put(1.0),
        call.m.setpoint.put(2.0),
        call.go.execute(),
        call.v.put(0.0),
    ]
    assert get_mock(device.m).mock_calls == [call.setpoint.put(2.0)]
    assert get_mock(device.v).mock_calls == [call.put(1.0), call.put(0.0)]


async def test_a_callback_sees_each_put_changes_it_and_ends_with_its_block() -> None:
    device = await mocked(wire("v", "V"), wire("seen", "S"))
    with callback_on_mock_put(device.v, lambda value: value / 2):
        await device.v.set(3.0)
    assert await device.v.get_value() == 1.5
    await device.v.set(3.0)
    assert await device.v.get_value() == 3.0

    async def follow(value: float) -> None:
        await device.seen.set(value)

    callback_on_mock_put(device.v, lambda value: 99.0)
    callback_on_mock_put(device.v, follow)  # it takes the place of the one before
    await device.v.set(5.0)
    assert (await device.v.get_value(), await device.seen.get_value()) == (5.0, 5.0)
    assert get_mock_put(device.v).call_args_list == [call(3.0), call(3.0), call(5.0)]


async def test_a_callback_that_raises_refuses_the_put() -> None:
    device = await mocked(wire("v", "V"))
    get_mock_put(device.v).side_effect = ValueError("broken")
    with pytest.raises(PutRefusedError, match=r"dev\.v.*broken"):
        await device.v.set(1.0)
    get_mock_put(device.v).side_effect = LimitError("too far")
    with pytest.raises(LimitError, match=r"dev\.v.*too far"):
        await device.v.set(1.0)
    assert await device.v.get_value() == 0.0


async def test_puts_that_are_held_are_recorded_and_take_effect() -> None:
    device = await mocked(wire("v", "V"))
    with mock_puts_blocked(device.v):
        status = device.v.set(1.0)
        await until(lambda: get_mock_put(device.v).called)
        assert await device.v.get_value() == 1.0
        assert not status.done
    await status


async def test_an_execution_is_recorded_and_answered() -> None:
    device = await mocked(command("go", "GO"), asked("ask", "float", "str"))
    await device.go.trigger()
    assert await device.ask.execute(2.5) == ""
    get_mock_execute(device.go).assert_called_once_with()
    get_mock_execute(device.ask).assert_called_once_with(2.5)

    async def slow(value: float) -> str:
        await asyncio.sleep(0)
        return f"<{value}>"

    with callback_on_mock_execute(device.ask, slow):
        assert await device.ask.execute(1.0) == "<1.0>"
    assert await device.ask.execute(1.0) == ""

    def fail() -> None:
        raise RuntimeError("jammed")

    callback_on_mock_execute(device.go, fail)
    with pytest.raises(RuntimeError, match="jammed"):
        await device.go.trigger()


async def test_units_and_precision_are_those_of_the_server() -> None:
    device = await mocked(wire("v", "V", units="mm"))
    set_mock_units(device.v, "um")
    set_mock_precision(device.v, 4)
    key = (await device.v.describe())["dev-v"]
    assert (key["units"], key["precision"]) == ("um", 4)


async def test_values_one_after_the_other() -> None:
    device = await mocked(wire("v", "V", access="r"))
    values = set_mock_values(device.v, [1.0, 2.0, 3.0])
    assert next(values) == 1.0
    assert await device.v.get_value() == 1.0
    assert list(values) == [2.0, 3.0]
    assert await device.v.get_value() == 3.0
    three = set_mock_values(device.v, (4.0, 5.0, 6.0), require_all_consumed=True)
    next(three)
    with pytest.raises(AssertionError, match=r"dev\.v: these were not set: 5\.0, 6\.0"), three:
        pass
    with set_mock_values(device.v, iter([7.0]), require_all_consumed=True) as one:
        next(one)


async def test_values_that_nobody_closes_are_told_where_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    device = await mocked(wire("v", "V", access="r"))
    told: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: told.append(str(what.exc_value)))
    set_mock_values(device.v, [1.0])
    set_mock_values(device.v, [2.0], require_all_consumed=True)
    assert told == ["dev.v: these were not set: 2.0"]


async def test_soft_signals_take_the_same_helpers_without_mock_mode() -> None:
    device = make(shape("g", soft("a", 1.0)))
    await connect(device)
    await device.a.set(2.0)
    mock = get_mock_put(device.a)
    await device.a.set(3.0)
    mock.assert_called_once_with(3.0)
    await connect(device)
    await device.a.set(4.0)
    assert mock.call_args_list == [call(3.0), call(4.0)]


async def test_what_is_on_a_server_or_has_no_value_is_refused() -> None:
    device = make(shape("g", wire("v", "V"), command("go", "GO"), derived("d", "a", {"a": "v"})))
    for helper in (get_mock, get_mock_put, get_mock_execute):
        node = device.go if helper is get_mock_execute else device.v
        with pytest.raises(OphydDeclError, match=r"dev\.(v|go) is not in mock mode; connect with `mock=True`"):
            helper(node)
    with pytest.raises(TypeError, match="has no value of its own"):
        set_mock_value(device.d, 1.0)
    with pytest.raises(TypeError, match="is no command"):
        get_mock_execute(device.v)
    with pytest.raises(TypeError, match="no device of this package"):
        get_mock("dev")
