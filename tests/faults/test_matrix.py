"""Every fault against everything that a user does, over both protocols, on real servers.

A scenario plays a fault and does all five things while it lasts, and again when it is over; then what came of each is
looked at, a cell of the matrix. The liveness time is short, so that silence need not be waited for.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.connectors.protocol import Description
from ophyd_decl.errors import (
    AbsentError,
    DisconnectedError,
    PutNotSentError,
    PutRefusedError,
    PutTimeoutError,
    ReadError,
    ReadTimeoutError,
    SignalError,
)
from ophyd_decl.vocab.readings import Reading
from tests.contract.labs import FLOAT, RECORDS, EpicsLab, Seen, until
from tests.faults.conftest import ProxyLab
from tests.faults.proxy import hidden_ioc
from tests.servers.ioc import READ_ONLY_GROUP, Ioc

#: Within this a fault must be known.
NOTICE_S = 1.0
#: How long a server may say nothing; pvxs allows no less.
LIVENESS_S = 2.4
#: What a command may take where nobody has to wait for anything.
PROMPT_S = 1.0
DELAY_S = 0.4
ACCESS = READ_ONLY_GROUP + "ASG(HIDDEN)\n"
BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: matrix
liveness: LIVENESS
defaults: {protocol: PROTOCOL}
devices:
  det:
    type: group
    signals:
      number: {pv: "PREFIXnumber", dtype: float, access: rw, format: read, timeout: {read: 1}}
"""
_numbers = itertools.count(1)


@dataclass
class Did:
    """What came of one thing that was done.

    :param outcome: value or error.
    :param took_s: how long it took.
    """

    outcome: Any
    took_s: float


@dataclass
class Story:
    """What came of everything, during the fault and after it."""

    protocol: str
    during: dict[str, Did] = field(default_factory=dict[str, Did])
    after: dict[str, Did] = field(default_factory=dict[str, Did])


class Bench:
    """What a scenario works with: channels on a connector, and a staged device on the same connector."""

    def __init__(self, lab: EpicsLab, beamline: Any) -> None:
        self.lab = lab
        self.beamline = beamline
        self.number = lab.channel("number", FLOAT)
        self.count = lab.channel("count", FLOAT)
        self.seen = Seen()

    async def read(self, timeout_s: float = 1.0) -> Did:
        """Read a channel afresh."""
        (outcome,), took_s = await timed(self.lab.read(self.number, timeout_s=timeout_s))
        return Did(outcome.value if isinstance(outcome, Reading) else outcome, took_s)

    async def staged_read(self) -> Did:
        """Read the staged device."""
        started = time.monotonic()
        try:
            outcome = (await self.beamline.det.read())["det-number"]["value"]
        except SignalError as error:
            outcome = error
        return Did(outcome, time.monotonic() - started)

    async def put(self, value: float, timeout_s: float = 1.0) -> Did:
        """Write, with completion."""
        return Did(*await timed(self.lab.put(self.number, value, timeout_s=timeout_s)))

    async def device_put(self, value: float) -> Did:
        """Write by the device, which must not serve what it held before."""

        async def put() -> None:
            await self.beamline.det.number.set(value)

        return Did(*await timed(put()))

    async def connect(self, timeout_s: float = 1.0) -> Did:
        """Connect a channel that was never connected."""
        (outcome,), took_s = await timed(self.lab.connect(self.count, timeout_s=timeout_s))
        return Did(outcome, took_s)

    async def update(self, within_s: float) -> Did:
        """Wait for what the monitor says next."""
        before = len(self.seen.updates)
        started = time.monotonic()
        while len(self.seen.updates) == before and time.monotonic() - started < within_s:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
        last = self.seen.updates[-1] if len(self.seen.updates) > before else None
        return Did(last.value if isinstance(last, Reading) else last, time.monotonic() - started)

    async def all_well(self, value: float) -> dict[str, Did]:
        """Do everything when the fault is over; nobody has called anything to mend it."""
        took_s = await until(
            lambda: self.number.state == "connected" and self.seen.values[-1] == value, self.lab.reconnection_s
        )
        after = {"monitor": Did(self.seen.values[-1], took_s), "read": await self.read()}
        await until(lambda: self.beamline.det.number.read_channel.state == "connected", self.lab.reconnection_s)
        after["staged read"] = await self.staged_read()
        after["connect"] = await self.connect(self.lab.reconnection_s)
        after["put"] = await self.put(value + 1)
        assert (await self.read()).outcome == value + 1
        return after


async def timed(doing: Awaitable[Any]) -> tuple[Any, float]:
    started = time.monotonic()
    outcome = await doing
    return outcome, time.monotonic() - started


@asynccontextmanager
async def bench_on(lab: EpicsLab, folder: Path) -> AsyncIterator[Bench]:
    """Return a bench on which everything is well, and the value 7.0 is held."""
    text = BEAMLINE.replace("PROTOCOL", lab.protocol).replace("PREFIX", lab.ioc.prefix)
    (folder / "beamline.yaml").write_text(text.replace("LIVENESS", str(LIVENESS_S)))
    beamline = load_beamline(folder)
    lab.connector.liveness_s = LIVENESS_S
    lab.connector.bind(asyncio.get_running_loop())
    bench = Bench(lab, beamline)
    try:
        (outcome,) = await lab.connect(bench.number)
        assert isinstance(outcome, Description), outcome
        (await beamline.aconnect()).or_raise()
        assert (await bench.put(7.0)).outcome is None
        lab.connector.monitor(bench.number, bench.seen)
        await beamline.det.stage()
        await until(lambda: bench.seen.values and bench.seen.values[-1] == 7.0)
        assert (await bench.staged_read()).outcome == 7.0
        yield bench
        await beamline.det.unstage()
    finally:
        await beamline.aclose()
        await lab.connector.close()


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
        "put": Did(None, 0.0),
        "connect": await bench.connect(lab.reconnection_s),
        "monitor": Did(list(bench.seen.values), 0.0),
    }
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
        await until(lambda: bench.beamline.det.number.read_channel.state == "closed", 1.0)
        story.during["read"] = await bench.read()
        story.during["staged read"] = await bench.staged_read()
        story.during["put"] = await bench.put(9.0)
        story.during["connect"] = await bench.connect()
    # What was sent before anybody knew is done by a server that kept its connection.
    await until(lambda: bench.number.state == "connected" and bench.number.generation == 2, lab.reconnection_s)
    value = (await bench.read()).outcome
    assert value == 7.0 or (value == 8.0 and is_sent(lost))
    story.after = await bench.all_well(value)
    return {"silent": story}


async def slow(bench: Bench) -> dict[str, Story]:
    """Delay every answer."""
    lab, story = bench.lab, Story(bench.lab.protocol)
    assert isinstance(lab, ProxyLab)
    lab.proxy.delay(DELAY_S, lab.proxy.to_client)
    during = story.during
    during["read"] = await bench.read(2.0)
    during["read, impatient"] = await bench.read(DELAY_S / 2)
    during["put, impatient"] = await bench.put(7.5, timeout_s=DELAY_S / 2)
    during["put"] = await bench.device_put(8.0)
    during["staged read"] = await bench.staged_read()  # the update is still under way
    during["connect"] = await bench.connect(5.0)
    await until(lambda: bench.seen.values[-1] == 8.0, 2 * DELAY_S + 1)
    during["monitor"] = Did(list(bench.seen.values), 0.0)
    lab.proxy.delay(0.0)
    story.after = await bench.all_well(8.0)
    return {"slow": story}


async def refusing(bench: Bench) -> dict[str, Story]:
    """Take the rights away, then give them back."""
    lab, story = bench.lab, Story(bench.lab.protocol)
    lab.set("count.ASG", "HIDDEN")
    lab.set("number.ASG", "HIDDEN")
    tells = lab.tells_rights
    if tells:
        await until(lambda: bench.number.description is not None and not bench.number.description.readable)
    story.during = {
        "put": await bench.put(9.0),
        "read": await bench.read(),
        "staged read": await bench.staged_read(),
        "connect": await bench.connect(),
        "monitor": Did(list(bench.seen.updates), 0.0),
    }
    lab.set("count.ASG", "DEFAULT")
    lab.set("number.ASG", "DEFAULT")
    lab.set("number", 7.0)
    story.after = await bench.all_well(7.0)
    return {"refusing": story}


Scenario = Callable[[Bench], Awaitable[dict[str, Story]]]


async def play(scenario: Scenario, protocol: str, folder: Path) -> dict[str, Story]:
    """Play faults on a server of their own."""
    prefix = f"M{next(_numbers)}:"
    with ExitStack() as stack:
        database = folder / "records.db"
        database.write_text(RECORDS.read_text())
        if scenario is slow:
            hidden = hidden_ioc(folder, prefix, database)
            stack.callback(hidden.close)
            lab: EpicsLab = ProxyLab(protocol, hidden)
        else:
            ioc = Ioc(folder, prefix, database, access=ACCESS)
            stack.callback(ioc.close)
            ioc.start()
            lab = EpicsLab(protocol, ioc, database)
        async with bench_on(lab, folder) as bench:
            return await scenario(bench)


def failed(did: Did, *kinds: type[SignalError]) -> SignalError:
    """Return the error that came of something; fails if it is no error of these kinds."""
    assert isinstance(did.outcome, kinds), did
    assert bool(did.outcome)
    return did.outcome


def is_sent(did: Did) -> bool:
    """Return whether a put that failed says that it was sent; over pvAccess a put begins with a question."""
    return isinstance(did.outcome, PutTimeoutError)


class Row:
    """What must come of each thing that a user does under one fault."""

    def check(self, story: Story) -> list[str]:
        """Return what is wrong."""
        wrong: list[str] = []
        for cell in (self.read, self.staged_read, self.monitor, self.put, self.connect):
            try:
                cell(story)
            except AssertionError as error:
                wrong.append(f"{cell.__name__}: {error}")
        return wrong

    def read(self, story: Story) -> None:
        raise NotImplementedError

    def staged_read(self, story: Story) -> None:
        raise NotImplementedError

    def monitor(self, story: Story) -> None:
        raise NotImplementedError

    def put(self, story: Story) -> None:
        raise NotImplementedError

    def connect(self, story: Story) -> None:
        raise NotImplementedError


class Closed(Row):
    def read(self, story: Story) -> None:
        failed(story.during["read"], DisconnectedError)
        assert story.during["read"].took_s < NOTICE_S
        assert story.after["read"].outcome == 1.5

    def staged_read(self, story: Story) -> None:
        error = failed(story.during["staged read"], DisconnectedError)
        assert error.signal == "det.number"
        assert story.during["staged read"].took_s < NOTICE_S
        assert story.after["staged read"].outcome == 1.5

    def monitor(self, story: Story) -> None:
        failed(story.during["monitor"], DisconnectedError)
        assert story.during["monitor"].took_s < NOTICE_S

    def put(self, story: Story) -> None:
        failed(story.during["put"], DisconnectedError)
        assert story.during["put"].took_s < NOTICE_S
        assert story.after["put"].outcome is None

    def connect(self, story: Story) -> None:
        error = failed(story.during["connect"], AbsentError)
        assert isinstance(error, AbsentError)
        assert error.verdict == "silent"
        assert isinstance(story.after["connect"].outcome, Description)


class Restarted(Row):
    def read(self, story: Story) -> None:
        assert story.during["read"].outcome == 1.5 or failed(story.during["read"], DisconnectedError)
        assert story.after["read"].outcome == 1.5

    def staged_read(self, story: Story) -> None:
        assert story.during["staged read"].outcome == 1.5 or failed(story.during["staged read"], DisconnectedError)
        assert story.after["staged read"].outcome == 1.5

    def monitor(self, story: Story) -> None:
        assert set(story.during["monitor"].outcome) <= {1.5, 7.0}
        assert story.after["monitor"].outcome == 1.5

    def put(self, story: Story) -> None:
        assert story.after["put"].outcome is None

    def connect(self, story: Story) -> None:
        assert isinstance(story.during["connect"].outcome, Description)


class Silent(Row):
    def read(self, story: Story) -> None:
        failed(story.during["read"], DisconnectedError, ReadTimeoutError)
        assert story.during["read"].took_s < 1.0 + PROMPT_S
        assert story.after["read"].outcome in (7.0, 8.0)

    def staged_read(self, story: Story) -> None:
        failed(story.during["staged read"], DisconnectedError, ReadTimeoutError)
        assert story.during["staged read"].took_s < 1.0 + PROMPT_S
        assert story.after["staged read"].outcome == story.after["read"].outcome

    def monitor(self, story: Story) -> None:
        failed(story.during["monitor"], DisconnectedError)
        assert story.during["monitor"].took_s < LIVENESS_S + 0.5

    def put(self, story: Story) -> None:
        failed(story.during["put at once"], PutTimeoutError, PutNotSentError)
        failed(story.during["put"], PutNotSentError, DisconnectedError)
        assert story.after["put"].outcome is None  # and 9.0 was never there

    def connect(self, story: Story) -> None:
        failed(story.during["connect"], AbsentError)
        assert isinstance(story.after["connect"].outcome, Description)


class Slow(Row):
    def read(self, story: Story) -> None:
        assert story.during["read"].outcome == 7.0
        assert story.during["read"].took_s >= DELAY_S
        failed(story.during["read, impatient"], ReadTimeoutError)

    def staged_read(self, story: Story) -> None:
        assert story.during["staged read"].outcome == 8.0

    def monitor(self, story: Story) -> None:
        between = [7.5] if is_sent(story.during["put, impatient"]) else []
        assert story.during["monitor"].outcome == [7.0, *between, 8.0]

    def put(self, story: Story) -> None:
        assert story.during["put"].outcome is None
        failed(story.during["put, impatient"], PutTimeoutError, PutNotSentError)

    def connect(self, story: Story) -> None:
        assert isinstance(story.during["connect"].outcome, Description)


class Refusing(Row):
    def read(self, story: Story) -> None:
        if story.protocol == "ca":  # QSRV lets everybody read
            failed(story.during["read"], ReadError)
        assert story.after["read"].outcome == 7.0

    def staged_read(self, story: Story) -> None:
        if story.protocol == "ca":
            failed(story.during["staged read"], ReadError)
        assert story.after["staged read"].outcome == 7.0

    def monitor(self, story: Story) -> None:
        assert story.after["monitor"].outcome == 7.0

    def put(self, story: Story) -> None:
        failed(story.during["put"], PutRefusedError)
        assert story.after["put"].outcome is None

    def connect(self, story: Story) -> None:
        outcome = story.during["connect"].outcome
        assert isinstance(outcome, SignalError) or outcome.readable == (story.protocol == "pva")


ROWS = {"closed": Closed(), "restarted": Restarted(), "silent": Silent(), "slow": Slow(), "refusing": Refusing()}


@pytest.mark.parametrize("protocol", ["ca", "pva"])
@pytest.mark.parametrize("scenario", [closed_and_restarted, silent, slow, refusing])
def test_every_cell(scenario: Scenario, protocol: str, tmp_path: Path) -> None:
    stories = asyncio.run(play(scenario, protocol, tmp_path))
    assert {fault: wrong for fault, story in stories.items() if (wrong := ROWS[fault].check(story))} == {}
