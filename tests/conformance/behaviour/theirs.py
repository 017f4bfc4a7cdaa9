"""The devices of types.yaml as classes of ophyd-async, and what is called otherwise there."""

import contextlib
from collections.abc import AsyncGenerator, Generator, Sequence
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import ophyd_async.core as core
from ophyd_async import plan_stubs
from ophyd_async.core import (
    Array1D,
    AsyncStatus,
    DeviceMap,
    DeviceVector,
    MovableLogic,
    StandardMovable,
    StandardReadable,
    StandardReadableFormat,
    StrictEnum,
    Table,
    WatchableAsyncStatus,
    YamlSettingsProvider,
    derived_signal_r,
    derived_signal_rw,
    soft_signal_rw,
)
from ophyd_async.epics.core import epics_signal_r, epics_signal_rw, epics_signal_w, epics_triggerable_command

__all__ = ["core"]
NAME = "theirs"
Format = StandardReadableFormat


class Mode(StrictEnum):
    LOW = "Low"
    HIGH = "High"


class Choice(StrictEnum):
    ONE = "One"
    TWO = "Two"


class Sizes(Table):
    step: Array1D[np.int32]
    size: Array1D[np.float64]


class Inner(StandardReadable):
    def __init__(self, name: str = "") -> None:
        self.temperature = soft_signal_rw(float, 20.5, units="K", precision=1)
        self.limit = soft_signal_rw(float, 300.0, units="K")
        self.add_readables([self.temperature], Format.HINTED_SIGNAL)
        self.add_readables([self.limit], Format.CONFIG_SIGNAL)
        super().__init__(name)


class Detector(StandardReadable):
    def __init__(self, name: str = "") -> None:
        self.value = soft_signal_rw(float, 1.5, units="mm", precision=3)
        self.raw = soft_signal_rw(int, 3)
        self.fast = soft_signal_rw(float, 0.25)
        self.gain = soft_signal_rw(float, 2.0)
        self.mode = soft_signal_rw(Mode, Mode.LOW)
        self.spare = soft_signal_rw(float, 0.0)
        self.inner = Inner()
        self.add_readables([self.value], Format.HINTED_SIGNAL)
        self.add_readables([self.raw], Format.UNCACHED_SIGNAL)
        self.add_readables([self.fast], Format.HINTED_UNCACHED_SIGNAL)
        self.add_readables([self.gain, self.mode], Format.CONFIG_SIGNAL)
        self.add_readables([self.inner], Format.CHILD)
        super().__init__(name)


class Logic(MovableLogic[float]):
    async def check_move(self, new_position: float) -> None:
        if not -10 <= new_position <= 10:
            raise ValueError(f"{new_position} is outside -10 to 10")


class Motor(StandardReadable, StandardMovable[float]):
    def __init__(self, name: str = "") -> None:
        self.setpoint = soft_signal_rw(float, 0.0, units="mm", precision=3)
        self.readback = soft_signal_rw(float, 0.0, units="mm", precision=3)
        self.velocity = soft_signal_rw(float, 1.0, units="mm/s")
        self.add_readables([self.readback], Format.HINTED_SIGNAL)
        self.add_readables([self.velocity], Format.CONFIG_SIGNAL)
        super().__init__(name)

    @cached_property
    def movable_logic(self) -> MovableLogic[float]:
        return Logic(setpoint=self.setpoint, readback=self.readback)


class Point(StandardReadable):
    def __init__(self, name: str = "") -> None:
        self.value = soft_signal_rw(int, 0)
        self.add_readables([self.value], Format.HINTED_SIGNAL)
        super().__init__(name)


class Axes(StandardReadable):
    def __init__(self, name: str = "") -> None:
        with self.add_children_as_readables():
            self.axis = DeviceVector({1: Point(), 2: Point()})
        with self.add_children_as_readables():
            self.named = DeviceMap({"left": Point(), "right": Point()})
        super().__init__(name)


class Kinds(StandardReadable):
    def __init__(self, name: str = "") -> None:
        self.a_bool = soft_signal_rw(bool, True)
        self.a_int = soft_signal_rw(int, 7, units="counts")
        self.a_float = soft_signal_rw(float, 0.5, precision=0)
        self.a_text = soft_signal_rw(str, "hello")
        self.a_choice = soft_signal_rw(Choice, Choice.ONE)
        self.floats = soft_signal_rw(Array1D[np.float64], np.array([0.5, 1.5]))
        self.shorts = soft_signal_rw(Array1D[np.int16], np.array([1, 2, 3], np.int16))
        self.texts = soft_signal_rw(Sequence[str], ["a", "bc"])
        self.table = soft_signal_rw(Sizes, Sizes(step=np.array([1, 2], np.int32), size=np.array([0.5, 1.5])))
        self.add_readables([signal for _, signal in self.children()], Format.UNCACHED_SIGNAL)
        super().__init__(name)


class Lens(StandardReadable):
    def __init__(self, name: str = "") -> None:
        self.a = soft_signal_rw(float, 1.0)
        self.b = soft_signal_rw(float, 3.0)
        self.sum = derived_signal_r(self._add, a=self.a, b=self.b)
        self.half = derived_signal_rw(self._halve, self._double, a=self.a)
        self.add_readables([self.sum], Format.HINTED_SIGNAL)
        super().__init__(name)

    def _add(self, a: float, b: float) -> float:
        return a + b

    def _halve(self, a: float) -> float:
        return a / 2

    async def _double(self, value: float) -> None:
        await self.a.set(value * 2)


class Shutter(StandardReadable):
    def __init__(self, prefix: str, name: str = "") -> None:
        self.state = epics_signal_rw(int, f"ca://{prefix}State")
        self.wanted = epics_signal_rw(float, f"ca://{prefix}Wanted")
        self.seen = epics_signal_r(float, f"ca://{prefix}Seen")
        self.told = epics_signal_w(float, f"ca://{prefix}Told")
        self.go = epics_triggerable_command(f"ca://{prefix}Go")
        self.add_readables([self.state], Format.HINTED_SIGNAL)
        super().__init__(name)


@contextlib.asynccontextmanager
async def devices(*, mock: bool = False, separator: str = "-") -> AsyncGenerator[SimpleNamespace]:
    """Give new devices, connected; those with an address only in mock mode."""
    made: dict[str, Any] = {
        "det": Detector(), "m": Motor(), "n": Motor(), "axes": Axes(), "kinds": Kinds(), "lens": Lens(),
    }  # fmt: skip
    if mock:
        made["shutter"] = Shutter("P:")
    for name, device in made.items():
        device.set_name(name, child_name_separator=separator)
        await device.connect(mock=mock)
    yield SimpleNamespace(**made)


class Saved:
    """Settings that are saved to a file and put back."""

    def __init__(self, folder: Path) -> None:
        self._provider = YamlSettingsProvider(folder)

    def save(self, device: Any) -> Generator[Any, Any, None]:
        yield from plan_stubs.store_settings(self._provider, "saved", device)

    def restore(self, device: Any) -> Generator[Any, Any, None]:
        wanted = yield from plan_stubs.retrieve_settings(self._provider, "saved", device)
        yield from plan_stubs.apply_settings_if_different(wanted, plan_stubs.apply_settings)


ensure_connected = plan_stubs.ensure_connected


def unconnected() -> Any:
    """Return a device that was not connected."""
    return Lens("lens")


def status(device: Any, make: Any) -> Any:
    """Return a status of a coroutine function."""
    return AsyncStatus(make(), name=device.name)


def watchable(device: Any, make: Any) -> Any:
    """Return a status of a function that makes an async iterator of updates."""
    return WatchableAsyncStatus(make(), name=device.name)


def outside(signal: Any, value: Any) -> Any:
    """Set a soft value as somebody else would."""
    signal._connector.backend.set_value(value)
