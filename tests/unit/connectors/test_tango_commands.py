"""Commands of Tango, with what they take and return; and devices that hang beside others that do not."""

import asyncio
import time
from contextlib import ExitStack
from typing import Any

import pytest

from ophyd_decl.connectors.protocol import Description, PutRequest, ReadRequest, Use
from ophyd_decl.connectors.registry import make_connector
from ophyd_decl.errors import (
    AbsentError,
    MismatchError,
    PutNotSentError,
    PutRefusedError,
    PutTimeoutError,
    ReadTimeoutError,
)
from ophyd_decl.vocab.datatypes import Datatype
from tests.contract.labs import ANY, FLOAT, INT, TEXT, TangoLab, until
from tests.servers.fixtures import TangoFactory

#: How long a write takes during which a command is executed, in s: longer than that takes on a busy machine.
WRITE_S = 4.0
TABLE, FLOATS = Datatype("table"), Datatype("float64", (None,))


async def run(lab: TangoLab, name: str, value: Any, argument: Any, returns: Any, timeout_s: float) -> Any:
    """Return what came of a command, or of connecting to it."""
    use = Use(command=True, argument=argument, returns=returns)
    channel = lab.connector.channel(lab.address(name), argument or ANY, None, use)
    (outcome,) = await lab.connect(channel)
    if not isinstance(outcome, Description):
        return outcome
    (result,) = await lab.connector.execute([PutRequest(channel, value, True, time.monotonic() + timeout_s)])
    return result


async def test_commands(tango_client: None, tango_factory: TangoFactory) -> None:
    lab = TangoLab(tango_factory())
    assert await run(lab, "Nothing", None, None, None, 5) is None
    assert await run(lab, "Calls", None, None, INT, 5) == 1
    assert await run(lab, "Describe", 1.5, FLOAT, TEXT, 5) == "1.500"
    assert (await run(lab, "EchoDoubles", [1.0, 2.0], FLOATS, FLOATS, 5)).tolist() == [1.0, 2.0]
    table = await run(lab, "LongTable", None, None, TABLE, 5)
    assert (table["lvalue"].tolist(), table["svalue"]) == ([1, 2, 3], ["one", "two", "three"])
    assert await run(lab, "Slow", 4.0, FLOAT, FLOAT, 20) == 4.0  # Tango's own time-out is 3 s
    assert isinstance(await run(lab, "Slow", 2.0, FLOAT, None, 0.5), PutTimeoutError)
    for name, error in (("Boom", PutRefusedError), ("Nope", AbsentError), ("Describe", MismatchError)):
        assert isinstance(await run(lab, name, None, None, None, 10), error)
    await lab.connector.close()


async def test_what_a_busy_device_does_not_take_or_give_says_what_to_do(
    tango_client: None, tango_factory: TangoFactory
) -> None:
    lab = TangoLab(tango_factory())
    number = await lab.connected("number", FLOAT)
    busy = asyncio.create_task(run(lab, "Slow", 5.0, FLOAT, None, 10))
    await asyncio.sleep(0.3)
    read = asyncio.create_task(lab.connector.read([ReadRequest(number, time.monotonic() + 8)]))
    (put,) = await lab.connector.put([PutRequest(number, 1.0, True, time.monotonic() + 8)])
    (reading,) = await read
    assert isinstance(put, PutNotSentError)
    assert isinstance(reading, ReadTimeoutError)
    for error in (put, reading):
        assert "busy with another call" in error.problem
        assert "try again when that is over" in (error.help or "")
    assert await busy is None
    await lab.connector.close()


async def test_a_command_waits_for_no_write(tango_client: None, tango_factory: TangoFactory) -> None:
    """It may be the one that ends the write: a server may be in it for as long as a motor moves."""
    lab = TangoLab(tango_factory())
    lab.server.play("side_by_side")
    lab.server.play("slow", WRITE_S)
    slow = lab.connector.channel(lab.address("slow"), FLOAT)
    await lab.connect(slow)
    writing = asyncio.create_task(lab.connector.put([PutRequest(slow, 2.0, True, time.monotonic() + 4 * WRITE_S)]))
    await until(lambda: lab.server.play("writing") == "true")
    assert await run(lab, "Nothing", None, None, None, 4 * WRITE_S) is None
    assert lab.server.play("writing") == "true"
    assert await writing == [None]
    await lab.connector.close()


@pytest.mark.timeout(60)
async def test_devices_that_hang_do_not_hold_up_others(tango_client: None, tango_factory: TangoFactory) -> None:
    good = tango_factory({f"lab/g/{number}": "Lab" for number in range(17)})
    bad = [tango_factory() for _ in range(3)]
    connector = make_connector("tango")
    usable = [connector.channel(good.address("number", name), FLOAT) for name in good.devices]
    hung = [connector.channel(server.address("number"), FLOAT) for server in bad]
    with ExitStack() as stack:
        for server in bad:
            stack.enter_context(server.hung())
        # Those that hang are asked first: devices that were asked one after the other would wait for them.
        connecting = asyncio.create_task(connector.connect(hung + usable, time.monotonic() + 3))
        await until(lambda: all(channel.state == "connected" for channel in usable), 1.0)
        outcomes = await connecting
        assert [type(outcome) for outcome in outcomes[:3]] == [AbsentError] * 3
    await connector.close()
