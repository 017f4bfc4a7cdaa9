"""What a scenario works with: channels on a connector, a staged device on another one, and what came of using them."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ophyd_decl import load_beamline
from ophyd_decl.connectors.protocol import Description
from ophyd_decl.errors import SignalError
from ophyd_decl.vocab.readings import Reading
from tests.contract.labs import FLOAT, MODES, EpicsLab, Seen, labelled, until

#: How long a server may say nothing; pvxs allows no less.
LIVENESS_S = 2.4
_BEAMLINE = """\
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
  switch:
    type: group
    signals:
      mode: {pv: "PREFIXmode", dtype: enum, choices: [Low, High, Off], access: rw, format: read, timeout: {read: 1}}
"""


@dataclass(frozen=True)
class Subject:
    """What the fault is played with.

    :param other: that which was never connected, of the same type.
    :param held: the value at the beginning.
    :param later: the one that is written when all is well.
    """

    name: str
    device: str
    datatype: Any
    other: str
    held: Any
    later: Any


NUMBER = Subject("number", "det", FLOAT, "count", 7.0, 8.5)
RETYPED = Subject("number", "det", FLOAT, "number", 7.0, 8.5)
MODE = Subject("mode", "switch", labelled(*MODES), "mode", "High", "Off")


@dataclass
class Did:
    """What came of one thing that was done.

    :param outcome: value or error.
    :param took_s: how long it took.
    """

    outcome: Any
    took_s: float = 0.0


@dataclass
class Story:
    """What came of everything, during the fault and after it."""

    protocol: str
    during: dict[str, Did] = field(default_factory=dict[str, Did])
    after: dict[str, Did] = field(default_factory=dict[str, Did])


class Bench:
    """Channels on a connector, and a staged device on another."""

    def __init__(self, lab: EpicsLab, beamline: Any, subject: Subject) -> None:
        self.lab = lab
        self.subject = subject
        self.channel = lab.channel(subject.name, subject.datatype)
        self.device = beamline.devices[subject.device]
        self.signal = beamline[f"{subject.device}.{subject.name}"]
        self.seen = Seen()

    async def read(self, timeout_s: float = 1.0) -> Did:
        """Read a channel afresh."""
        (outcome,), took_s = await timed(self.lab.read(self.channel, timeout_s=timeout_s))
        return Did(outcome.value if isinstance(outcome, Reading) else outcome, took_s)

    async def staged_read(self) -> Did:
        """Read the staged device."""
        started = time.monotonic()
        try:
            outcome = (await self.device.read())[self.signal.name]["value"]
        except SignalError as error:
            outcome = error
        return Did(outcome, time.monotonic() - started)

    async def put(self, value: Any, timeout_s: float = 1.0) -> Did:
        """Write, with completion."""
        return Did(*await timed(self.lab.put(self.channel, value, timeout_s=timeout_s)))

    async def device_put(self, value: Any) -> Did:
        """Write by the device, which must not serve what it held before."""

        async def put() -> None:
            await self.signal.set(value)

        return Did(*await timed(put()))

    async def connect(self, timeout_s: float = 1.0) -> Did:
        """Connect a channel that was never connected."""
        channel = self.lab.channel(self.subject.other, self.subject.datatype)
        (outcome,), took_s = await timed(self.lab.connect(channel, timeout_s=timeout_s))
        self.lab.connector.release(channel)
        return Did(outcome, took_s)

    async def update(self, within_s: float) -> Did:
        """Wait for what the monitor says next."""
        before = len(self.seen.updates)
        started = time.monotonic()
        while len(self.seen.updates) == before and time.monotonic() - started < within_s:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
        last = self.seen.updates[-1] if len(self.seen.updates) > before else None
        return Did(last.value if isinstance(last, Reading) else last, time.monotonic() - started)

    @property
    def newest(self) -> Any:
        """Return what the monitor said last."""
        last = self.seen.updates[-1]
        return last.value if isinstance(last, Reading) else last

    async def all_well(self, value: Any) -> dict[str, Did]:
        """Do everything when the fault is over; nobody has called anything to mend it."""
        took_s = await until(
            lambda: self.channel.state == "connected" and self.newest == value, self.lab.reconnection_s
        )
        after = {"monitor": Did(self.newest, took_s), "read": await self.read()}
        device = self.signal.read_channel
        await until(lambda: device.state == "connected" and device.failure is None, self.lab.reconnection_s)
        after["staged read"] = await self.staged_read()
        after["connect"] = await self.connect(self.lab.reconnection_s)
        after["put"] = await self.put(self.subject.later)
        assert (await self.read()).outcome == self.subject.later
        return after


async def timed(doing: Awaitable[Any]) -> tuple[Any, float]:
    """Wait for something, and say how long it took."""
    started = time.monotonic()
    outcome = await doing
    return outcome, time.monotonic() - started


@asynccontextmanager
async def bench_on(lab: EpicsLab, subject: Subject, folder: Path) -> AsyncIterator[Bench]:
    """Return a bench on which everything is well, and the value of the subject is held."""
    text = _BEAMLINE.replace("PROTOCOL", lab.protocol).replace("PREFIX", lab.ioc.prefix)
    (folder / "beamline.yaml").write_text(text.replace("LIVENESS", str(LIVENESS_S)))
    beamline = load_beamline(folder)
    lab.connector.liveness_s = LIVENESS_S
    lab.connector.bind(asyncio.get_running_loop())
    bench = Bench(lab, beamline, subject)
    try:
        (outcome,) = await lab.connect(bench.channel)
        assert isinstance(outcome, Description), outcome
        (await beamline.aconnect()).or_raise()
        assert (await bench.put(subject.held)).outcome is None
        lab.connector.monitor(bench.channel, bench.seen)
        await bench.device.stage()
        await until(lambda: bench.seen.values and bench.newest == subject.held)
        assert (await bench.staged_read()).outcome == subject.held
        yield bench
        await bench.device.unstage()
    finally:
        await beamline.aclose()
        await lab.connector.close()
