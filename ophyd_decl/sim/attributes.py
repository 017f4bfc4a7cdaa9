"""What a simulated device shows as a Tango device: attributes with events that the server pushes, and its State.

Devices live in an event loop of their own thread; Tango calls from other threads. What clients read was set before.
A write or a command hands over to the loop, and returns when what it begins has begun: Tango has no completion, so the
State says until when it runs. The loop never waits for Tango, which keeps a device to itself during a call: events are
pushed by one more thread, in their order.
"""

# pytango's types are partial; what is used of it is given types here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass, field
from typing import Any

import tango
from tango import AttrQuality, AttrWriteType

from .points import OnUpdate

#: Longest time until what a call begins has begun, in s: below the time-out of clients.
_BEGIN_S = 2.0
_FORMAT = "%.3f"


class Pusher:
    """The thread that pushes events."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="events", daemon=True).start()

    def submit(self, job: Callable[[], None]) -> None:
        """Have this done after what was submitted before."""
        self._jobs.put(job)

    def _run(self) -> None:
        with tango.EnsureOmniThread():
            while True:
                self._jobs.get()()


@dataclass
class Shown:
    """One attribute, and its value; see `points.Input` and `points.Output`.

    :param told: arguments of `tango.server.attribute`.
    :param changed_at: time of the last change, s since 1970, which its readings carry.
    """

    points: "Attributes"
    name: str
    value: Any
    told: dict[str, Any]
    changed_at: float = field(default_factory=time.time)

    @property
    def writable(self) -> bool:
        """Return whether clients can write it."""
        return self.told.get("access") is AttrWriteType.READ_WRITE

    def get(self) -> Any:
        """Return the value."""
        return self.value

    def set(self, value: Any) -> None:
        """Give clients a new value."""
        self.value, self.changed_at = value, time.time()
        self.points.push(self.name, value, self.changed_at)

    def write(self, value: Any) -> None:
        """Take what a client writes; called on the loop."""
        self.set(value)


@dataclass(kw_only=True)
class Position(Shown):
    """The attribute `Position` of an axis: its value is where the axis is, what clients write is the target.

    :param on_target: follows targets until the axis is at rest.
    :param target: the one that was written last, EGU.
    """

    on_target: OnUpdate
    target: float

    def rest(self, position: float) -> None:
        """Show this as the target too: the axis was stopped there, EGU."""
        self.target = position
        self.points.show_target(self.name, position)

    def write(self, value: float) -> None:
        """Follow this target, or have the move that is under way follow it."""
        self.target = value
        self.points.run(self.name, self.on_target)


class Attributes:
    """The attributes of one device; see `points.Points`.

    :param loop: where the device lives.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, pusher: Pusher) -> None:
        self.shown: dict[str, Shown] = {}
        self._commands: dict[str, OnUpdate] = {}
        self._loop = loop
        self._pusher = pusher
        self._device: Any = None
        self._running: dict[str, asyncio.Task[None]] = {}

    # What a device makes.

    def position(self, value: float, *, units: str, limits: tuple[float, float], on_target: OnUpdate) -> Position:
        """Show `Position`, which is written with the target."""
        told = _float(units, limits)
        shown = Position(self, "Position", value, told, on_target=on_target, target=value)
        self.shown[shown.name] = shown
        return shown

    def setting(self, name: str, value: float, *, units: str, limits: tuple[float, float]) -> Shown:
        """Show a float that clients can write; the same attribute is its readback."""
        return self._show(name, value, _float(units, limits))

    def flag(self, name: str, value: bool, *, off: str, on: str) -> Shown:
        """Show a bool, which has no labels."""
        del off, on
        return self._show(name, value, {"dtype": "DevBoolean"})

    def count(self, name: str, *, channel: int) -> Shown:
        """Show a number of counts; the channel stands behind the name."""
        return self._show(f"{name}{channel}", 0, {"dtype": "DevLong", "unit": "counts"})

    def choice(self, name: str, *labels: str, channel: int) -> Shown:
        """Show an enum that clients can write."""
        told = {"dtype": "DevEnum", "enum_labels": list(labels), "access": AttrWriteType.READ_WRITE}
        return self._show(f"{name}{channel}", 0, told)

    def command(self, name: str, run: OnUpdate) -> None:
        """Run this at a command."""
        self._commands[name] = run

    def _show(self, name: str, value: Any, told: dict[str, Any]) -> Shown:
        shown = self.shown[name] = Shown(self, name, value, told)
        return shown

    # What the Tango device asks for, in threads of Tango.

    @property
    def busy(self) -> bool:
        """Return whether something runs that a client began."""
        return bool(self._running)

    def attach(self, device: Any) -> None:
        """Push events from this device from now on, and show its first targets."""
        self._device = device
        for shown in self.shown.values():
            if shown.writable:
                _set_written(device, shown.name, shown.value)

    def write(self, name: str, value: Any) -> None:
        """Write, and return when that has begun what it begins."""
        self._call(lambda: self.shown[name].write(value))

    def execute(self, name: str) -> None:
        """Execute a command, and return when it has begun."""
        self._call(lambda: self.run(name, self._commands[name]))

    def _call(self, begin: Callable[[], None]) -> None:
        async def call() -> None:
            begin()
            await asyncio.sleep(0)  # a task takes its first step

        try:
            asyncio.run_coroutine_threadsafe(call(), self._loop).result(_BEGIN_S)
        except LateError:
            tango.Except.throw_exception("Demo_Late", "the device does not begin", "Attributes.write")

    # What the loop does.

    def run(self, name: str, what: OnUpdate) -> None:
        """Run something, unless it runs already; the State says that it does."""
        if name not in self._running:
            self._running[name] = asyncio.get_running_loop().create_task(self._run(name, what))
            self._push_state()

    async def _run(self, name: str, what: OnUpdate) -> None:
        try:
            await what(None)
        finally:
            del self._running[name]
            self._push_state()

    def push(self, name: str, value: Any, time_s: float) -> None:
        """Tell those who have subscribed to an attribute."""
        device, quality = self._device, AttrQuality.ATTR_VALID
        if device is not None:
            self._pusher.submit(lambda: device.push_change_event(name, value, time_s, quality))

    def _push_state(self) -> None:
        device = self._device
        if device is None:
            return
        state = device.dev_state()

        def push() -> None:
            device.set_state(state)  # an event of the State takes no other value than this
            device.push_change_event("State")

        self._pusher.submit(push)

    def show_target(self, name: str, value: float) -> None:
        """Show another value as the one that was written last."""
        device = self._device

        def show() -> None:
            with tango.AutoTangoMonitor(device):
                _set_written(device, name, value)

        if device is not None:
            self._pusher.submit(show)


def _float(units: str, limits: tuple[float, float]) -> dict[str, Any]:
    low, high = limits
    return {
        "dtype": "DevDouble",
        "access": AttrWriteType.READ_WRITE,
        "unit": units,
        "format": _FORMAT,
        "min_value": low,
        "max_value": high,
    }


def _set_written(device: Any, name: str, value: Any) -> None:
    device.get_device_attr().get_w_attr_by_name(name).set_write_value(value)
