"""A lab: one connector, and a server for it that a test can play with. The same names are there in every lab."""

import asyncio
import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, cast

import numpy as np

from ophyd_decl.connectors.protocol import Channel, Connector, Description, PutRequest, ReadRequest, Update
from ophyd_decl.connectors.registry import make_connector
from ophyd_decl.connectors.soft import SoftConnector
from ophyd_decl.connectors.values import WireTraits
from ophyd_decl.errors import SignalError
from ophyd_decl.vocab.datatypes import Choice, Datatype, NativeType
from ophyd_decl.vocab.readings import Limits, Reading
from tests.pace import MOST_S
from tests.servers.ioc import Ioc
from tests.servers.tango_server import TangoServer

RECORDS = Path(__file__).parent / "records.db"
MODES = ("Low", "High", "Off")
TIMEOUT_S = 5.0

FLOAT, INT, BOOL, TEXT, ENUM, ANY = (Datatype(name) for name in ("float", "int", "bool", "str", "enum", "any"))
FLOATS = Datatype("float64", (None,))


def labelled(*labels: str, match: Any = "exact") -> Datatype:
    """Return an enum with these labels."""
    return Datatype("enum", choices=tuple(Choice(label, (label,)) for label in labels), match=match)


@dataclass
class Seen:
    """A listener that remembers, and that can be waited for."""

    updates: list[Update] = field(default_factory=list[Update])

    def __call__(self, update: Update) -> None:
        self.updates.append(update)

    @property
    def values(self) -> list[Any]:
        """Return the values of the readings, without the errors."""
        return [update.value for update in self.updates if isinstance(update, Reading)]

    @property
    def errors(self) -> list[SignalError]:
        """Return the errors."""
        return [update for update in self.updates if isinstance(update, SignalError)]


async def until(condition: Callable[[], Any], within_s: float = TIMEOUT_S) -> float:
    """Wait for a condition and return how long that took; fails if it does not come true.

    A turn of the loop counts 20 ms at most: a machine that stands still says nothing about what is waited for.
    """
    waited_s, last = 0.0, time.monotonic()
    while not condition():
        assert waited_s < within_s, f"did not happen within {within_s} s"
        await asyncio.sleep(0.001)
        now = time.monotonic()
        waited_s, last = waited_s + min(now - last, MOST_S), now
    return waited_s


class Lab(ABC):
    """One connector and its server.

    :param reconnection_s: how long a client may take to find a server that has come back.
    :param subscribing_s: how long after the first value of a monitor single updates may be lost.
    :param knows_missing: whether a server says itself what it does not have, so that nobody waits for it.
    :param knows_accepted: whether a put without completion ends before its effect.
    :param has_setpoints: whether what was written last is told beside the value.
    """

    protocol: str
    connector: Connector
    reconnection_s = 5.0
    subscribing_s = 0.0
    tells_rights = True
    sized: tuple[str, ...] = ("text", "spectrum")
    unlimited: tuple[str, ...] = ()
    knows_missing = False
    knows_accepted = True
    has_setpoints = False

    async def __aenter__(self) -> Self:
        """Begin to use the connector, in this loop."""
        self.connector.bind(asyncio.get_running_loop())
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close the connector."""
        await self.connector.close()

    def address(self, name: str) -> str:
        """Return the address of one of the things in a lab."""
        return name

    def channel(self, name: str, datatype: Datatype, check: Any = None) -> Channel:
        """Return a channel on one of the things in a lab."""
        return self.connector.channel(self.address(name), datatype, check)

    async def connect(self, *channels: Channel, timeout_s: float = TIMEOUT_S) -> list[Description | SignalError]:
        """Connect."""
        return await self.connector.connect(channels, time.monotonic() + timeout_s)

    async def connected(self, name: str, datatype: Datatype, check: Any = None) -> Channel:
        """Return a channel that is connected."""
        channel = self.channel(name, datatype, check)
        (outcome,) = await self.connect(channel)
        assert isinstance(outcome, Description), outcome
        return channel

    async def read(self, *channels: Channel, timeout_s: float = TIMEOUT_S) -> list[Reading | SignalError]:
        """Read."""
        deadline = time.monotonic() + timeout_s
        return await self.connector.read([ReadRequest(channel, deadline) for channel in channels])

    async def value(self, channel: Channel) -> Any:
        """Return the value of a channel."""
        (reading,) = await self.read(channel)
        assert isinstance(reading, Reading), reading
        return reading.value

    async def setpoint(self, channel: Channel) -> Any:
        """Return what was written last, where the protocol tells that, else the value; raises its error."""
        request = ReadRequest(channel, time.monotonic() + TIMEOUT_S, setpoint=True)
        (reading,) = await self.connector.read([request])
        if isinstance(reading, SignalError):
            raise reading
        return reading.value

    async def put(
        self, channel: Channel, value: Any, *, wait: bool = True, timeout_s: float = TIMEOUT_S
    ) -> SignalError | None:
        """Write."""
        (outcome,) = await self.connector.put([PutRequest(channel, value, wait, time.monotonic() + timeout_s)])
        return outcome

    @abstractmethod
    def set(self, name: str, value: Any) -> None:
        """Set a value on the server's side."""

    @abstractmethod
    def kill(self) -> None:
        """End the server without a word."""

    @abstractmethod
    def start(self, *, labels: tuple[str, str] = ("Low", "High")) -> None:
        """Start the server again, with these as the first labels of `mode`."""


class RemoteLab(Lab):
    """A server that is another process."""

    @property
    @abstractmethod
    def pid(self) -> int:
        """Return the process of the server."""

    @abstractmethod
    def _hung(self) -> AbstractContextManager[None]:
        """Let the process be stopped meanwhile."""

    @abstractmethod
    def configure(self, name: str, **facts: Any) -> None:
        """Change what the server says of a thing: `units`, `precision`, `high` (limit of a write), `label` (of 1)."""

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Let the server hang meanwhile, and be killed there if the test wants that."""
        number = self.pid
        with self._hung():
            deadline = time.monotonic() + TIMEOUT_S
            while not _stopped(number):  # a signal takes its time
                assert time.monotonic() < deadline
            yield

    @property
    def neighbour(self) -> str:
        """Return what is said of a server that was there before: what is known to have answered."""
        return self.address("number")

    def kill_hung(self) -> None:
        """Kill the server while it hangs."""
        os.kill(self.pid, signal.SIGKILL)


class EpicsLab(RemoteLab):
    """A soft IOC, and a connector of Channel Access or pvAccess."""

    def __init__(self, protocol: str, ioc: Ioc, database: Path = RECORDS) -> None:
        self.protocol = protocol
        self.connector = make_connector(protocol)
        self.ioc = ioc
        self._database = database
        # libca takes its time; pvAccess is not told of rights, nor of the length of an array or a text.
        self.reconnection_s = 20.0 if protocol == "ca" else 12.0
        self.tells_rights = protocol == "ca"
        self.sized = ("text", "spectrum") if protocol == "ca" else ()

    def address(self, name: str) -> str:
        return self.ioc.pv(name)

    def set(self, name: str, value: Any) -> None:
        self.ioc.put(name, value)

    def kill(self) -> None:
        self.ioc.kill()

    @property
    def pid(self) -> int:
        return self.ioc.pid

    def _hung(self) -> AbstractContextManager[None]:
        return self.ioc.hung()

    def configure(self, name: str, **facts: Any) -> None:
        fields = {"units": "EGU", "precision": "PREC", "high": "DRVH", "label": "ONST"}
        for fact, value in facts.items():
            self.ioc.put(f"{name}.{fields[fact]}", value)

    def start(self, *, labels: tuple[str, str] = ("Low", "High")) -> None:
        text = RECORDS.read_text().replace("L0=Low", f"L0={labels[0]}").replace("L1=High", f"L1={labels[1]}")
        self.start_with(text)

    def start_with(self, records: str) -> None:
        """Start the server again, with other records."""
        self._database.write_text(records)
        self.ioc.start()


class TangoLab(RemoteLab):
    """A Tango device, and the connector of Tango."""

    protocol = "tango"
    sized = ("spectrum",)
    unlimited = ("text",)
    knows_missing = True
    knows_accepted = False
    has_setpoints = True
    subscribing_s = 1.0

    def __init__(self, server: TangoServer) -> None:
        self.connector = make_connector("tango")
        self.server = server

    def address(self, name: str) -> str:
        return self.server.address(name)

    @property
    def neighbour(self) -> str:
        return f"127.0.0.1:{self.server.ports.ca}"

    def set(self, name: str, value: Any) -> None:
        self.server.set(name, value)

    def kill(self) -> None:
        self.server.kill()

    @property
    def pid(self) -> int:
        return self.server.pid

    def _hung(self) -> AbstractContextManager[None]:
        return self.server.hung()

    def configure(self, name: str, **facts: Any) -> None:
        told = {"units": "unit", "high": "max_value"}
        for fact, value in facts.items():
            if fact == "label":
                proxy = self.server.client()
                (info,) = proxy.get_attribute_config_ex([name])
                info.enum_labels = ["Low", value, "Off"]
                proxy.set_attribute_config([info])
            elif fact == "precision":
                self.server.play("configure", name, format=f"%8.{value}f")
            else:
                self.server.play("configure", name, **{told[fact]: str(value)})

    def start(self, *, labels: tuple[str, str] = ("Low", "High")) -> None:
        self.server.labels = [*labels, "Off"]
        self.server.start()


def _stopped(number: int) -> bool:
    threads = Path(f"/proc/{number}/task").iterdir()
    return all("\nState:\tT" in (thread / "status").read_text() for thread in threads)


class SoftLab(Lab):
    """A soft connector, whose other side plays the IOC."""

    protocol = "soft"

    def __init__(self) -> None:
        self.soft = SoftConnector(strict=True)
        self.connector = self.soft
        self.start()

    def set(self, name: str, value: Any) -> None:
        setter = self.soft.channel(name, ANY)
        self.soft._links[name].set_raw(value)  # type: ignore[attr-defined]
        self.soft.release(setter)

    def kill(self) -> None:
        for name in self._served:
            self.soft.withdraw(name)

    def start(self, *, labels: tuple[str, str] = ("Low", "High")) -> None:
        real = NativeType("float", "float64")
        precise = WireTraits(precision=3)
        self._serve("number", real, 1.5, units="mm", precision=3, limits=Limits(-50, 50), traits=precise)
        self._serve("count", NativeType("int", "int32"), 3, units="counts")
        self._serve("flag", NativeType("enum", choices=("Closed", "Open")), 1)
        self._serve("mode", NativeType("enum", choices=(*labels, "Off")), 1)
        self._serve("text", NativeType("str"), "hello", traits=WireTraits(text_bytes=39))
        self._serve("long_text", NativeType("str"), "", traits=WireTraits(text_bytes=255))
        self._serve("spectrum", NativeType("float", "float64", (8,)), np.array([0.5, 1.5, 2.5]), units="V", shape=(3,))
        self._serve("words", NativeType("str", shape=(4,)), ["a", "b"], shape=(2,))
        self._serve("arrived", real, 0.0)
        self._serve("axis", real, 0.0)
        self._serve("disabled", real, 1.0)
        self._serve("guarded", real, 1.0, writable=False)

    def _serve(self, name: str, native: NativeType, raw: Any, **facts: Any) -> None:
        self.soft.serve(name, native, raw, **facts)
        link = cast(Any, self.soft._links[name])
        if name in ("disabled", "guarded"):
            link.refusal = f"{name}, says the lab"
        if name == "axis":
            link.hooks = [self._move]

    async def _move(self, value: float, wait: bool) -> None:
        if wait:
            await asyncio.sleep(0.3)
        self.set("arrived", value)

    @property
    def _served(self) -> list[str]:
        return [str(name) for name in self.soft._links]
