"""Signals on values of this process: reading, writing, staging, subscribing."""

import asyncio
import threading
from collections import deque
from typing import Any

import pytest
from bluesky import protocols

from ophyd_decl.blueprint import RoleShape
from ophyd_decl.devices.mock import mock_puts_blocked, set_mock_value
from ophyd_decl.errors import (
    BadValueError,
    LimitError,
    NotConnectedError,
    OphydDeclError,
    ReadError,
    ReadOnlyError,
    WouldBlockError,
)
from ophyd_decl.vocab.readings import Limits

from .shapes import HERE, connect, make, path, shape, soft, wire


async def connected(*members: Any, **more: Any) -> Any:
    device = make(shape("group", *members), **more)
    assert await connect(device) == {}
    return device


async def test_read_gives_value_timestamp_and_severity_under_the_full_name() -> None:
    device = await connected(soft("a", 2.5))
    reading = await device.a.read()
    assert list(reading) == ["dev-a"]
    assert reading["dev-a"]["value"] == 2.5
    assert set(reading["dev-a"]) == {"value", "timestamp", "alarm_severity"}


async def test_an_unawaited_read_is_a_coroutine_that_did_nothing() -> None:
    device = make(shape("group", soft("a", 1.0)))
    read = device.a.read()
    assert asyncio.iscoroutine(read)
    read.close()
    assert not device._context.opened


async def test_describe_carries_units_precision_zero_and_limits() -> None:
    device = await connected(soft("a", 0.0, units="mm", precision=0, limits=Limits(-1, 4)))
    key = (await device.a.describe())["dev-a"]
    assert key == {
        "source": "soft://dev-a",
        "dtype": "number",
        "shape": [],
        "dtype_numpy": "<f8",
        "units": "mm",
        "precision": 0,
        "limits": {"control": {"low": -1, "high": 4}},
    }


@pytest.mark.parametrize(
    ("dtype", "initial", "expected"),
    [("bool", None, "boolean"), ("int", None, "integer"), ("str", None, "string"), ("float", None, "number")],
)
async def test_a_soft_signal_without_a_value_starts_at_the_zero_of_its_dtype(
    dtype: str, initial: Any, expected: str
) -> None:
    device = await connected(soft("a", initial, dtype))
    assert (await device.a.describe())["dev-a"]["dtype"] == expected
    assert not await device.a.get_value()


async def test_set_is_done_when_the_put_has_completed() -> None:
    device = await connected(soft("a", 0.0))
    with mock_puts_blocked(device.a):
        status = device.a.set(3.0)
        await asyncio.sleep(0)
        assert not status.done
    await status
    assert status.success
    assert await device.a.get_value() == 3.0


async def test_cancelling_who_awaits_a_set_cancels_it() -> None:
    device = await connected(soft("a", 0.0))
    with mock_puts_blocked(device.a):
        status = device.a.set(3.0)
        waiter = asyncio.ensure_future(status.task)
        await asyncio.sleep(0)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await status
    assert device._context.binding.in_flight == 0


@pytest.mark.parametrize("value", [5.0, float("nan"), -0.1])
async def test_a_value_outside_the_limits_is_refused_before_it_is_sent(value: float) -> None:
    device = await connected(soft("a", 1.0, limits=Limits(0, 4)))
    with pytest.raises((LimitError, BadValueError)) as caught:
        await device.a.set(value)
    assert "dev.a" in str(caught.value)
    assert await device.a.get_value() == 1.0


async def test_text_for_a_number_is_refused() -> None:
    device = await connected(soft("a", 1.0), soft("b", False, "bool"))
    with pytest.raises(BadValueError):
        await device.a.set("fast")
    with pytest.raises(BadValueError):
        await device.b.set("False")
    for signal, wrong in ((device.a, "fast"), (device.b, "False")):
        with pytest.raises(BadValueError):
            signal.check_value(wrong)


async def test_read_only_mode_refuses_every_put() -> None:
    device = await connected(soft("a", 1.0))
    device._context.shared.read_only = True
    with pytest.raises(ReadOnlyError):
        await device.a.set(2.0)
    assert await device.a.get_value() == 1.0


async def test_only_what_can_be_written_has_set() -> None:
    device = make(shape("group", wire("r", "R", access="r"), wire("w", "W", access="w"), wire("rw", "RW")))
    assert [hasattr(device[key], "set") for key in ("r", "w", "rw")] == [False, True, True]
    assert [hasattr(device[key], "read") for key in ("r", "w", "rw")] == [True, False, True]


async def test_what_cannot_be_set_says_what_can_instead() -> None:
    names = ("user_setpoint", 1.0), ("width", 1.0)
    read_only = [soft(name, 1.0, access="r") for name in ("user_readback", "counts", "readback")]
    pair = make(shape("pair", *(soft(*name) for name in names), *read_only), "pair")
    moved = make(
        shape("moved", soft("to", 0.0), soft("at", 0.0, access="r"), soft("speed", 1.0),
              roles=(RoleShape("movable", "setpoint", {"setpoint": path("to"), "readback": path("at")}, HERE),)),
        "moved",
    )  # fmt: skip
    for signal, said in (
        (pair.user_readback, "pair.user_readback is declared `access: r`; set `pair.user_setpoint` instead"),
        (pair.counts, "pair.counts is declared `access: r`"),
        (pair.readback, "pair.readback is declared `access: r`"),
        (moved.at, "moved.at is declared `access: r`; set `moved` instead"),
    ):
        for verb in ("set", "put", "check_value"):
            assert not hasattr(signal, verb)
            with pytest.raises(AttributeError) as caught:
                getattr(signal, verb)
            assert str(caught.value) == said
        with pytest.raises(AttributeError, match="'WireSignalR' object has no attribute 'sett'"):
            signal.sett  # noqa: B018


async def test_a_device_that_was_not_connected_says_so() -> None:
    device = make(shape("group", soft("a", 1.0)))
    with pytest.raises(NotConnectedError, match=r"connect was not called.*beamline\.connect\(\)"):
        await device.a.read()


async def test_a_lazy_device_connects_once_however_many_use_it() -> None:
    device = make(shape("group", soft("a", 1.0)), connect="lazy")
    opened: list[int] = []

    async def open_it() -> None:
        opened.append(1)
        await connect(device)

    device._context.connection.connect = open_it
    values = await asyncio.gather(*[device.a.get_value() for _ in range(5)])
    assert values == [1.0] * 5
    assert opened == [1]


async def test_stage_holds_one_monitor_however_many_stage() -> None:
    device = await connected(soft("a", 1.0))
    binding = device._context.binding
    await device.a.stage()
    await device.a.stage()
    assert binding.held == {"dev.a": 2}
    await device.a.unstage()
    assert binding.held == {"dev.a": 1}
    await device.a.unstage()
    await device.a.unstage()
    assert binding.held == {}


async def test_cached_reads_want_a_held_value() -> None:
    device = await connected(soft("a", 1.0))
    with pytest.raises(ReadError, match="no held value"):
        await device.a.get_value(cached=True)
    await device.a.stage()
    set_mock_value(device.a, 2.0)
    assert await device.a.get_value(cached=False) == 2.0
    await device.a.unstage()


async def test_a_held_value_is_not_served_when_its_server_was_not_heard_from() -> None:
    device = await connected(soft("a", 1.0))
    await device.a.stage()
    assert device.a.held_reading() is not None
    device._context.shared.liveness_s = 0.0
    assert device.a.held_reading() is None
    assert await device.a.get_value() == 1.0
    await device.a.unstage()


async def test_a_dict_callback_is_called_on_the_loop_at_once_and_at_each_change() -> None:
    device = await connected(soft("a", 1.0))
    seen: list[Any] = []
    arrived = asyncio.Event()

    def take(readings: dict[str, Any]) -> None:
        seen.append((readings["dev-a"]["value"], threading.current_thread()))
        arrived.set()

    number = device.a.subscribe(take)
    assert isinstance(number, int)
    await asyncio.wait_for(arrived.wait(), 1)
    arrived.clear()
    set_mock_value(device.a, 2.0)
    await asyncio.wait_for(arrived.wait(), 1)
    assert seen == [(1.0, threading.current_thread()), (2.0, threading.current_thread())]
    device.a.clear_sub(take)
    assert device._context.binding.idle
    with pytest.raises(OphydDeclError, match="is not subscribed"):
        device.a.clear_sub(number)


async def test_a_callback_with_a_value_parameter_gets_keywords_on_a_worker_thread() -> None:
    device = await connected(soft("a", 1.0))
    seen: deque[Any] = deque()
    arrived = threading.Event()

    def accumulate(value: float, old_value: float, timestamp: float, **_: Any) -> None:
        seen.append((value, old_value, timestamp > 0, threading.current_thread() is threading.main_thread()))
        arrived.set()

    number = device.a.subscribe(accumulate)
    assert await asyncio.to_thread(arrived.wait, 1)
    arrived.clear()
    set_mock_value(device.a, 2.0)
    assert await asyncio.to_thread(arrived.wait, 1)
    assert list(seen) == [(1.0, None, True, False), (2.0, 1.0, True, False)]
    device.a.clear_sub(number)


async def test_synchronous_verbs_would_block_the_loop() -> None:
    device = await connected(soft("a", 1.0))
    with pytest.raises(WouldBlockError, match=r"dev\.a\.get\(\).*await signal\.get_value\(\)"):
        device.a.get()
    with pytest.raises(WouldBlockError, match=r"dev\.a\.put\(\)"):
        device.a.put(1.0)


async def test_verify_finds_a_server_that_took_another_value() -> None:
    device = await connected(soft("a", 1.0, verify="readback"))
    device.a.mock_connector.on_put(device.a.read_channel, lambda value, _: min(value, 2.0))
    await device.a.set(2.0)
    with pytest.raises(Exception, match=r"took another value.*expected 5\.0, found 2\.0"):
        await device.a.set(5.0)


async def test_locate_gives_setpoint_and_readback() -> None:
    device = await connected(soft("a", 1.0))
    assert await device.a.locate() == {"setpoint": 1.0, "readback": 1.0}


async def test_mock_mode_serves_every_address_and_follows_its_setpoint() -> None:
    device = await connected(wire("v", "V", rbv=True, format="hinted"), mock=True)
    assert device.v.source == "mock+ca://T:V_RBV"
    await device.v.set(3.0)
    assert await device.v.get_value() == 3.0


async def test_mock_mode_lets_signals_of_one_address_say_different_things_of_it() -> None:
    device = await connected(
        wire("a", "V", units="mm", precision=2, limits=Limits(0, 1)),
        wire("b", "V", access="r"),
        wire("c", "V", units="m", limits=Limits(0, 100)),
        wire("text", "V", "str"),
        mock=True,
    )
    keys = {name: (await device[name].describe())[f"dev-{name}"] for name in ("a", "b", "c", "text")}
    assert {name: key.get("units") for name, key in keys.items()} == {"a": "mm", "b": None, "c": "m", "text": None}
    assert "limits" not in keys["b"]
    assert "precision" not in keys["b"]
    assert keys["c"]["limits"] == {"control": {"low": 0, "high": 100}}
    await device.c.set(50.0)
    assert (await device.a.get_value(), await device.b.get_value(), await device.text.get_value()) == (50.0, 50.0, "")


def test_signals_satisfy_the_protocols_of_their_access() -> None:
    device = make(shape("group", wire("r", "R", access="r"), wire("w", "W", access="w"), wire("rw", "RW")))
    readable = {"Readable", "Stageable", "Subscribable", "HasName", "HasParent"}
    writable = {"Movable", "Checkable", "HasName", "HasParent"}
    assert protocols_of(device.r) == readable
    assert protocols_of(device.w) == writable
    assert protocols_of(device.rw) == readable | writable | {"Locatable"}


def protocols_of(thing: Any) -> set[str]:
    """Return the names of those of all of bluesky's structural protocols that an object satisfies."""
    every = {name: found for name, found in vars(protocols).items() if getattr(found, "_is_protocol", False)}
    ours = {name: found for name, found in every.items() if found.__module__ == protocols.__name__}
    assert {"Status", "Pausable", "EventPageCollectable", "Preparable"} < set(ours)
    return {name for name, protocol in ours.items() if isinstance(thing, protocol)}
