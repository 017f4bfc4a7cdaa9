"""ophyd-async: one device whose children are the signals."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Any

from ophyd_async.core import (
    MovableLogic,
    NotConnectedError,
    SignalRW,
    StandardMovable,
    StandardReadable,
    StandardReadableFormat,
)
from peer import DevicePeer


def signal(address: str, name: str = "") -> SignalRW[float]:
    if address.startswith("tango://"):
        from ophyd_async.tango.core import tango_signal_rw

        return tango_signal_rw(float, address, name=name)
    from ophyd_async.epics.core import epics_signal_rw

    return epics_signal_rw(float, address, name=name)


class Bank(StandardReadable):
    def __init__(self, addresses: list[str], format: StandardReadableFormat, name: str = "") -> None:
        with self.add_children_as_readables(format):
            for number, address in enumerate(addresses):
                setattr(self, f"s{number}", signal(address))
        super().__init__(name=name)


class Motor(StandardReadable, StandardMovable[float]):
    def __init__(self, address: str, format: StandardReadableFormat, name: str = "") -> None:
        with self.add_children_as_readables(format):
            self.position = signal(address)
        super().__init__(name=name)

    @cached_property
    def movable_logic(self) -> MovableLogic[float]:
        return MovableLogic(setpoint=self.position, readback=self.position)


class OphydAsyncPeer(DevicePeer):
    def __init__(self, protocol: str, names: list[str]) -> None:
        super().__init__(protocol, names)
        self._addresses = [f"{protocol}://{name}" for name in names]
        self._bank = Bank(self._addresses, StandardReadableFormat.UNCACHED_SIGNAL, name="bank")
        self._signals: list[SignalRW[float]] = [child for _, child in self._bank.children()]

    async def connect(self, timeout_s: float) -> int:
        await self._bank.connect(timeout=timeout_s)
        return len(self._signals)

    async def read_all(self) -> list[float]:
        return [reading["value"] for reading in (await self._bank.read()).values()]

    async def read_one(self) -> float:
        (reading,) = (await self._signals[0].read()).values()
        return reading["value"]

    async def put_one(self, value: float) -> None:
        await self._signals[0].set(value)

    async def put_all(self, value: float) -> None:
        statuses = [signal.set(value) for signal in self._signals]
        for status in statuses:
            await status

    def monitor(self, callback: Callable[[str, float], None]) -> None:
        def subscribe(signal: SignalRW[float], name: str) -> None:
            key = signal.name
            signal.subscribe_reading(lambda readings: callback(name, readings[key]["value"]))

        for signal, name in zip(self._signals, self.names, strict=True):
            subscribe(signal, name)

    async def read_others(self, timeout_s: float) -> list[float]:
        with suppress(NotConnectedError):  # of the last
            await self._bank.connect(timeout=timeout_s)
        readings = await asyncio.gather(*[signal.read() for signal in self._signals[:-1]])
        return [reading["value"] for one in readings for reading in one.values()]

    def scanned(self, run_engine: Any, kind: str, *, fresh: bool) -> tuple[Any, list[Any]]:
        formats = StandardReadableFormat
        format = formats.HINTED_UNCACHED_SIGNAL if fresh else formats.HINTED_SIGNAL
        detector = Bank(self._addresses[2:12], format, name="detector")
        moved = self._addresses[:2]
        axes: list[Any]
        if kind == "motors":
            axes = made = [Motor(address, format, name=f"axis{number}") for number, address in enumerate(moved)]
        elif fresh:  # a signal that is staged by itself is told from memory; a child of a device as its device says
            held = Bank(moved, format, name="axes")
            made, axes = [held], [child for _, child in held.children()]
        else:
            axes = made = [signal(address, name=f"axis{number}") for number, address in enumerate(moved)]

        async def connect() -> None:
            await asyncio.gather(*[device.connect() for device in (detector, *made)])

        asyncio.run_coroutine_threadsafe(connect(), run_engine.loop).result(30)
        return detector, axes
