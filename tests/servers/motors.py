"""Motor records in a process of their own, and raw clients of them: aioca and p4p, without this project.

A test takes a motor that no other has had, so that it need not put anything back.
"""

import asyncio
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from ophyd_decl.sim import DemoServer

from . import environment

#: So many motors has one server.
MOTORS = 120
TIMEOUT_S = 10.0


class Motors:
    """A server of motors at 2 mm/s, ramps of 0.1 s and soft limits of -25 and 25 mm, that stand at 0."""

    def __init__(self, server: DemoServer) -> None:
        self.server = server
        self._numbers = itertools.count(1)

    def take(self) -> str:
        """Return the name of a motor that no test has moved."""
        number = next(self._numbers)
        assert number <= MOTORS, "more tests than motors: raise MOTORS"
        return f"{self.server.prefix}M{number}"


@contextmanager
def motors(prefix: str) -> Iterator[Motors]:
    """Give a server of motors that ends with this context."""
    ports = environment.pool().take()
    try:
        names = [f"M{number}" for number in range(1, MOTORS + 1)]
        with DemoServer(prefix, ports=ports, velocity=2.0, motors=names) as server:
            yield Motors(server)
    finally:
        environment.pool().give_back(ports)


class RawMotor(ABC):
    """A raw client of one motor.

    :ivar seen: fields and values of its monitors, in the order in which they came.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: list[tuple[str, Any]] = []

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    @abstractmethod
    async def __aexit__(self, *_: object) -> None:
        """End its monitors."""

    @abstractmethod
    async def put(self, field: str, value: Any, *, wait: bool = True) -> None:
        """Put, and wait for the completion if asked to."""

    @abstractmethod
    async def get(self, field: str) -> Any:
        """Return a value: a number, the index of a menu, or text."""

    @abstractmethod
    async def severity(self, field: str) -> int:
        """Return the severity of the alarm."""

    @abstractmethod
    async def watch(self, *fields: str) -> None:
        """Monitor fields; returns when the first value of each is there, which `seen` does not hold."""

    async def numbers(self, *fields: str) -> list[Any]:
        """Return values of several fields."""
        return list(await asyncio.gather(*(self.get(field) for field in fields)))

    def values(self, field: str) -> list[Any]:
        """Return what a monitor has delivered of one field."""
        return [value for name, value in self.seen if name == field]

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait for what the monitors deliver."""
        async with asyncio.timeout(TIMEOUT_S):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.002)

    def address(self, field: str) -> str:
        """Return the name of the PV; what begins with `:` is a record beside the motor."""
        return f"{self.name}{field}" if field.startswith(":") else f"{self.name}.{field}"


class RawCaMotor(RawMotor):
    """One over Channel Access, by aioca."""

    _monitors: tuple[Any, ...] = ()

    async def __aexit__(self, *_: object) -> None:
        """End its monitors."""
        for monitor in self._monitors:
            monitor.close()

    async def put(self, field: str, value: Any, *, wait: bool = True) -> None:
        """Put."""
        from aioca import caput

        await caput(self.address(field), value, wait=wait, timeout=TIMEOUT_S)

    async def get(self, field: str) -> Any:
        """Return a value."""
        from aioca import caget

        return plain(await caget(self.address(field), timeout=TIMEOUT_S))

    async def severity(self, field: str) -> int:
        """Return the severity."""
        from aioca import FORMAT_TIME, caget

        return int((await caget(self.address(field), format=FORMAT_TIME, timeout=TIMEOUT_S)).severity)

    async def watch(self, *fields: str) -> None:
        """Monitor."""
        from aioca import camonitor

        def take(value: Any, index: int) -> None:
            self.seen.append((fields[index], plain(value)))

        addresses = [self.address(field) for field in fields]
        self._monitors += tuple(camonitor(addresses, take, all_updates=True))
        await self.until(lambda: {field for field, _ in self.seen} >= set(fields))
        self.seen.clear()


class RawPvaMotor(RawMotor):
    """One over pvAccess, by p4p."""

    _context: Any = None

    async def __aenter__(self) -> Self:
        """Make a client of its own."""
        from p4p.client.asyncio import Context

        self._context = Context("pva", nt=False)
        self._monitors: list[Any] = []
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the client."""
        for monitor in self._monitors:
            monitor.close()
            await monitor.wait_closed()
        self._context.close()

    async def put(self, field: str, value: Any, *, wait: bool = True) -> None:
        """Put."""
        async with asyncio.timeout(TIMEOUT_S):
            old = await self._context.get(self.address(field))
            key = "value.index" if old.type("value").getID() == "enum_t" else "value"
            await self._context.put(self.address(field), {key: value}, wait=wait)

    async def get(self, field: str) -> Any:
        """Return a value."""
        async with asyncio.timeout(TIMEOUT_S):
            return structured(await self._context.get(self.address(field)))

    async def severity(self, field: str) -> int:
        """Return the severity."""
        async with asyncio.timeout(TIMEOUT_S):
            return int((await self._context.get(self.address(field))).alarm.severity)

    async def watch(self, *fields: str) -> None:
        """Monitor."""
        for field in fields:

            async def take(value: Any, field: str = field) -> None:
                self.seen.append((field, structured(value)))

            every = "record[queueSize=1000]field()"  # on a busy machine, four would be too few
            self._monitors.append(self._context.monitor(self.address(field), take, request=every))
        await self.until(lambda: {field for field, _ in self.seen} >= set(fields))
        self.seen.clear()


#: Over which protocol it is seen what was done over one.
OTHER = {"ca": "pva", "pva": "ca"}
RAW: dict[str, type[RawMotor]] = {"ca": RawCaMotor, "pva": RawPvaMotor}


def plain(value: Any) -> Any:
    """Return what aioca gives as a plain value."""
    return str(value) if isinstance(value, str) else value.item() if hasattr(value, "item") else float(value)


def structured(value: Any) -> Any:
    """Return what is in a structure of p4p."""
    inner = value["value"]
    return inner["index"] if hasattr(inner, "getID") else inner
