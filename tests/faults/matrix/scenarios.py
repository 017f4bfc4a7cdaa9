"""How each fault is played, and what is done while it lasts and when it is over."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path

from ophyd_decl.errors import DisconnectedError, PutLostError, PutTimeoutError, SignalError
from tests.contract.labs import RECORDS, EpicsLab, until
from tests.faults.conftest import ProxyLab
from tests.faults.matrix.bench import LIVENESS_S, MODE, NUMBER, RETYPED, Bench, Did, Story, Subject, bench_on
from tests.faults.proxy import hidden_ioc
from tests.servers.ioc import READ_ONLY_GROUP, Ioc

#: How much later every answer comes where the server is slow, in s.
DELAY_S = 0.4
ACCESS = READ_ONLY_GROUP + "ASG(HIDDEN)\n"
_NUMBER = '"$(P)number") {'
_RETYPED = 'record(stringout, "$(P)number") { field(VAL, "three") field(PINI, "YES") }\nrecord(ao, "$(P)unused") {'
_numbers = itertools.count(1)

Scenario = Callable[[Bench], Awaitable[dict[str, Story]]]


async def closed_and_restarted(bench: Bench) -> dict[str, Story]:
    """Kill the server, then start it again, where the value is another one."""
    lab, closed, restarted = bench.lab, Story(bench.lab.protocol), Story(bench.lab.protocol)
    lab.kill()
    closed.during["monitor"] = await bench.update(2.0)
    closed.during["read"] = await bench.read()
    closed.during["staged read"] = await bench.staged_read()
    closed.during["put"] = await bench.put(9.0)
    closed.during["connect"] = await bench.connect()
    lab.start()
    # Until the new server is found, nothing of the old one may be told.
    restarted.during = {
        "read": await bench.read(),
        "staged read": await bench.staged_read(),
        "connect": await bench.connect(lab.reconnection_s),
        "put": await bench.put(1.5),
    }
    await until(lambda: bench.newest == 1.5, lab.reconnection_s)
    restarted.during["monitor"] = Did(list(bench.seen.updates))
    closed.after = restarted.after = await bench.all_well(1.5)
    return {"closed": closed, "restarted": restarted}


async def silent(bench: Bench) -> dict[str, Story]:
    """Let the server hang."""
    lab, story = bench.lab, Story(bench.lab.protocol)
    with lab.hung():
        started = time.monotonic()
        lost = await bench.put(8.0, timeout_s=0.3)
        story.during["put at once"] = lost
        told = await bench.update(LIVENESS_S + 1)
        story.during["monitor"] = Did(told.outcome, time.monotonic() - started)
        await until(lambda: bench.signal.read_channel.state == "closed", 1.0)
        story.during["read"] = await bench.read()
        story.during["staged read"] = await bench.staged_read()
        story.during["put"] = await bench.put(9.0)
        story.during["connect"] = await bench.connect()
    # What was sent before anybody knew is done by a server that kept its connection.
    await until(lambda: bench.channel.state == "connected" and bench.channel.generation == 2, lab.reconnection_s)
    value = (await bench.read()).outcome
    assert value == 7.0 or (value == 8.0 and isinstance(lost.outcome, PutTimeoutError))
    story.after = await bench.all_well(value)
    return {"silent": story}


async def slow(bench: Bench) -> dict[str, Story]:
    """Delay every answer."""
    lab, story = bench.lab, Story(bench.lab.protocol)
    assert isinstance(lab, ProxyLab)
    lab.proxy.delay(DELAY_S, lab.proxy.to_client)
    during = story.during
    during["read"] = await bench.read(5.0)
    during["read, impatient"] = await bench.read(DELAY_S / 2)
    during["put, impatient"] = await bench.put(7.5, timeout_s=DELAY_S / 2)
    during["put"] = await bench.device_put(8.0)
    during["staged read"] = await bench.staged_read()  # the update is still under way
    during["connect"] = await bench.connect(5.0)
    await until(lambda: bench.newest == 8.0, 2 * DELAY_S + 5)
    during["monitor"] = Did(list(bench.seen.values))
    lab.proxy.delay(0.0)
    story.after = await bench.all_well(8.0)
    return {"slow": story}


async def refusing(bench: Bench) -> dict[str, Story]:
    """Take the rights away, then give them back."""
    lab, story = bench.lab, Story(bench.lab.protocol)
    lab.set("count.ASG", "HIDDEN")
    lab.set("number.ASG", "HIDDEN")
    if lab.tells_rights:
        await until(lambda: bench.channel.description is not None and not bench.channel.description.readable)
    story.during = {
        "put": await bench.put(9.0),
        "read": await bench.read(),
        "staged read": await bench.staged_read(),
        "connect": await bench.connect(),
        "monitor": Did(list(bench.seen.updates)),
    }
    lab.set("count.ASG", "DEFAULT")
    lab.set("number.ASG", "DEFAULT")
    lab.set("number", 7.0)
    story.after = await bench.all_well(7.0)
    return {"refusing": story}


async def relabelled(bench: Bench) -> dict[str, Story]:
    """Let two labels change places under the connection, then back."""
    lab, story = bench.lab, Story(bench.lab.protocol)
    lab.set("mode.ZRST", "High")
    lab.set("mode.ONST", "Low")
    story.during = await during_a_mismatch(bench, "Off")
    lab.set("mode.ZRST", "Low")
    lab.set("mode.ONST", "High")
    story.after = await bench.all_well("High")
    return {"relabelled": story}


async def retyped(bench: Bench) -> dict[str, Story]:
    """Start the server again with a text in the place of the number, then as it was."""
    lab, story = bench.lab, Story(bench.lab.protocol)
    lab.kill()
    lab.start_with(RECORDS.read_text().replace(f"record(ao, {_NUMBER}", _RETYPED))
    await until(lambda: bench.channel.generation == 2, lab.reconnection_s)
    story.during = await during_a_mismatch(bench, 8.0)
    lab.kill()
    lab.start()
    story.after = await bench.all_well(1.5)
    return {"retyped": story}


async def during_a_mismatch(bench: Bench, value: object) -> dict[str, Did]:
    """Do everything while file and server differ."""
    within_s = bench.lab.reconnection_s
    device = bench.signal.read_channel
    await until(lambda: bench.channel.failure is not None and device.failure is not None, within_s)
    await until(lambda: isinstance(bench.newest, SignalError))
    return {
        "read": await bench.read(),
        "staged read": await bench.staged_read(),
        "put": await bench.put(value),
        "connect": await bench.connect(),
        "monitor": Did(bench.newest),
    }


async def truncated(bench: Bench) -> dict[str, Story]:
    """Cut every connection in the middle of a message."""
    lab, story = bench.lab, Story(bench.lab.protocol)
    assert isinstance(lab, ProxyLab)
    lab.proxy.truncate(10, lab.proxy.to_client)
    cut, put = await asyncio.gather(bench.read(), bench.put(8.0))
    fresh = asyncio.gather(bench.signal.get_value(cached=False), return_exceptions=True)
    story.during = {"monitor": Did(bench.newest), "read": cut, "put": put}
    (story.during["staged read, afresh"],) = [Did(outcome) for outcome in await fresh]
    await until(lambda: bench.signal.read_channel.state == "closed", 1.0)
    story.during["staged read"] = await bench.staged_read()
    await until(lambda: isinstance(bench.newest, DisconnectedError), 1.0)
    story.during["monitor"] = Did(bench.newest)
    story.during["put, closed"] = await bench.put(9.0)
    story.during["connect"] = await bench.connect()
    lab.proxy.truncate(None)
    await until(lambda: bench.channel.state == "connected" and bench.channel.generation == 2, lab.reconnection_s)
    value = (await bench.read(5.0)).outcome
    assert value == 7.0 or (value == 8.0 and isinstance(put.outcome, PutLostError))
    story.after = await bench.all_well(value)
    return {"truncated": story}


SCENARIOS: dict[str, tuple[Scenario, Subject]] = {
    "closed": (closed_and_restarted, NUMBER),
    "restarted": (closed_and_restarted, NUMBER),
    "silent": (silent, NUMBER),
    "slow": (slow, NUMBER),
    "refusing": (refusing, NUMBER),
    "relabelled": (relabelled, MODE),
    "retyped": (retyped, RETYPED),
    "truncated": (truncated, NUMBER),
}


async def play(fault: str, protocol: str, folder: Path) -> dict[str, Story]:
    """Play a fault on a server of its own; return its story, and those of the faults that come with it."""
    scenario, subject = SCENARIOS[fault]
    prefix = f"M{next(_numbers)}:"
    with ExitStack() as stack:
        database = folder / "records.db"
        database.write_text(RECORDS.read_text())
        if scenario in (slow, truncated):
            hidden = hidden_ioc(folder, prefix, database)
            stack.callback(hidden.close)
            lab: EpicsLab = ProxyLab(protocol, hidden)
        else:
            ioc = Ioc(folder, prefix, database, access=ACCESS)
            stack.callback(ioc.close)
            ioc.start()
            lab = EpicsLab(protocol, ioc, database)
        async with bench_on(lab, subject, folder) as bench:
            return await scenario(bench)
