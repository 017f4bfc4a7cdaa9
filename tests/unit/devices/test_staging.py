"""Staging: balance, also after failures, and who holds what."""

import asyncio
import time
from typing import Any

import pytest

from ophyd_decl.connectors.soft import SoftConnector
from ophyd_decl.devices.mock import set_mock_value
from ophyd_decl.errors import AbsentError, DisconnectedError
from ophyd_decl.vocab.datatypes import NativeType

from .shapes import connect, derived, make, shape, soft, until, wire


def served(device: Any, *addresses: str) -> SoftConnector:
    """Have the device's Channel Access be a connector that has these addresses only."""
    connector = SoftConnector("ca", strict=True)
    device._context.binding._connectors["ca"] = connector
    for address in addresses:
        connector.serve(f"T:{address}", NativeType("float"), 1.0)
    return connector


async def test_unstaging_twice_does_not_take_away_what_others_hold() -> None:
    device = make(shape("g", soft("a", 1.0, format="read")))
    await connect(device)
    binding = device._context.binding
    number = device.a.subscribe(lambda readings: None)
    await device.stage()
    await device.a.stage()
    for _ in range(3):
        await device.unstage()
    assert binding.held == {"dev.a": 2}
    await device.a.unstage()
    device.a.clear_sub(number)
    assert binding.idle


async def test_a_derived_signal_and_its_input_hold_one_monitor_and_let_it_go() -> None:
    device = make(
        shape(
            "g",
            soft("a", 1.0, format="read"),
            derived("twice", "2 * a", {"a": "a"}, format="read"),
        )
    )
    await connect(device)
    await device.stage()
    await device.twice.stage()
    assert device._context.binding.held == {"dev.a": 2}
    await device.unstage()
    await device.twice.unstage()
    assert device._context.binding.idle


async def test_a_device_with_an_absent_signal_fails_to_stage_at_once_and_holds_nothing() -> None:
    device = make(shape("g", wire("a", "A", format="read"), wire("b", "B", format="read")))
    served(device, "A")
    await connect(device, timeout_s=0.01)
    async with asyncio.timeout(1):
        with pytest.raises(AbsentError, match=r"dev\.b"):
            await device.stage()
    assert device._context.binding.idle
    await device.unstage()
    assert device._context.binding.idle


async def test_a_device_whose_connection_is_closed_fails_to_stage_and_says_so() -> None:
    device = make(shape("g", wire("a", "A", format="read"), wire("b", "B", format="read")))
    connector = served(device, "A", "B")
    await connect(device)
    connector.withdraw("T:B")
    with pytest.raises(DisconnectedError, match=r"dev\.b"):
        await device.stage()
    assert device._context.binding.idle


async def test_unstaging_ends_a_stage_that_still_waits_and_hides_no_other_failure() -> None:
    device = make(shape("g", wire("a", "A", format="read")))
    served(device, "A")
    await connect(device)
    device.a._context.binding.connector("ca")._links["T:A"].subscribe = lambda: None  # a server that gives no value
    status = device.stage()
    await until(lambda: device._context.binding.held)
    await device.unstage()
    await status  # a failure would take the place of the one for which a plan unstages
    assert status.success
    assert not device._stages
    assert device._context.binding.idle


async def test_cancelling_a_stage_lets_everything_go() -> None:
    device = make(shape("g", wire("a", "A", format="read")))
    served(device, "A")
    await connect(device)
    device.a._context.binding.connector("ca")._links["T:A"].subscribe = lambda: None
    status = device.stage()
    await until(lambda: device._context.binding.held)
    status.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await status
    assert device._context.binding.idle


def test_a_stage_of_a_loop_that_ended_does_not_end_one_of_the_next() -> None:
    device = make(shape("g", soft("a", 1.0, format="read")))

    async def first() -> None:
        await connect(device)
        await device.stage()

    async def second() -> None:
        await device.stage()
        number = device.a.subscribe(lambda readings: None)
        for _ in range(3):
            await device.unstage()
        assert device._context.binding.held == {"dev.a": 1}
        device.a.clear_sub(number)
        assert device._context.binding.idle

    asyncio.run(first())
    asyncio.run(second())


async def test_an_older_answer_does_not_take_the_place_of_a_newer_held_value() -> None:
    device = make(shape("g", soft("a", 1.0)))
    await connect(device)
    await device.a.stage()
    old = device.a._held.update
    set_mock_value(device.a, 2.0)
    await until(lambda: device.a._held.update is not old)
    device.a.confirm(old, time.monotonic())
    assert await device.a.get_value(cached=True) == 2.0
    await device.a.unstage()


async def test_what_a_put_has_overtaken_is_asked_together_if_it_was_read() -> None:
    device = make(shape("g", *(wire(key, key.upper()) for key in ("a", "b", "c", "axis"))))
    connector = SoftConnector("ca", strict=True)
    device._context.binding._connectors["ca"] = connector
    for address in ("A", "B", "C", "AXIS"):
        connector.serve(f"T:{address}", NativeType("float"), 1.0, host="ioc")
    await connect(device)
    asked: list[list[str]] = []
    read = connector.read

    async def note(requests: Any) -> Any:
        asked.append([request.channel.source for request in requests])
        return await read(requests)

    connector.read = note  # type: ignore[method-assign]
    for signal in (device.a, device.b, device.c):
        await signal.stage()
    assert [await device.a.get_value(), await device.b.get_value()] == [1.0, 1.0]
    assert asked == []
    await device.axis.set(2.0)
    assert [await device.a.get_value(), await device.b.get_value()] == [1.0, 1.0]
    assert asked == [["ca://T:A", "ca://T:B"]], "one round trip for both, and none for what nobody reads"
    await device.axis.set(2.5)
    assert await device.a.get_value(cached=False) == 1.0
    assert asked.pop() == ["ca://T:A"], "the end of a move does not ask for what others of the scan hold"
    await device.axis.set(3.0)
    assert await device.a.get_value() == 1.0
    await device.axis.set(4.0)
    assert await device.a.get_value() == 1.0
    assert asked[1:] == [["ca://T:A", "ca://T:B"], ["ca://T:A"]], "it was not read in between"
    await device.axis.set(5.0)
    assert await device.b.get_value() == 1.0
    connector.withdraw("T:B")
    await device.axis.set(6.0)
    assert await device.a.get_value() == 1.0
    assert asked[3:] == [["ca://T:B", "ca://T:A"], ["ca://T:A"]]
    for signal in (device.a, device.b, device.c):
        await signal.unstage()
    assert not any(server.puts.wanted for server in device._context.shared.servers.values())


async def test_an_answer_that_a_put_has_overtaken_is_not_served_afterwards() -> None:
    device = make(shape("g", wire("a", "A"), wire("axis", "AXIS")))
    connector = SoftConnector("ca", strict=True)
    device._context.binding._connectors["ca"] = connector
    for address in ("A", "AXIS"):
        connector.serve(f"T:{address}", NativeType("float"), 1.0, host="ioc")
    await connect(device)
    await device.a.stage()
    read = connector.read

    async def put_meanwhile(requests: Any) -> Any:
        answers = await read(requests)
        connector.read = read  # type: ignore[method-assign]
        await device.axis.set(2.0)
        return answers

    connector.read = put_meanwhile  # type: ignore[method-assign]
    assert await device.a.get_value(cached=False) == 1.0
    assert device.a.held_reading() is None
    assert await device.a.get_value() == 1.0
    assert device.a.held_reading() is not None
    await device.a.unstage()


@pytest.mark.parametrize(
    ("hosts", "held"), [(("one", "one"), False), (("one", "two"), True), (("", ""), False)], ids=str
)
async def test_a_put_overtakes_what_its_server_may_have_told_before(hosts: tuple[str, str], held: bool) -> None:
    """Where the protocol tells no host, as pvAccess does, any two signals may be on the same server."""
    device = make(shape("g", wire("a", "A"), wire("axis", "AXIS")))
    connector = SoftConnector("ca", strict=True)
    device._context.binding._connectors["ca"] = connector
    for address, host in zip(("A", "AXIS"), hosts, strict=True):
        connector.serve(f"T:{address}", NativeType("float"), 1.0, host=host)
    await connect(device)
    await device.a.stage()
    assert device.a.held_reading() is not None
    await device.axis.set(2.0)
    assert (device.a.held_reading() is not None) is held
    await device.a.unstage()


async def test_a_connection_that_was_made_anew_meanwhile_hinders_no_read_of_the_others() -> None:
    device = make(shape("g", *(wire(key, key.upper()) for key in ("a", "b", "axis"))))
    connector = SoftConnector("ca", strict=True)
    device._context.binding._connectors["ca"] = connector
    for address in ("A", "B", "AXIS"):
        connector.serve(f"T:{address}", NativeType("float"), 1.0, host="ioc")
    await connect(device)
    for signal in (device.a, device.b):
        await signal.stage()
        assert await signal.get_value() == 1.0
    await device.axis.set(2.0)
    connector._links["T:B"].generation += 1  # and the first update of the new one has not come yet
    assert await device.a.get_value() == 1.0
    for signal in (device.a, device.b):
        await signal.unstage()
