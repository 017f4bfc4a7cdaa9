"""Devices of a beamline that were written for ophyd-async; the logic of the detector is given signals of ophyd_decl."""

from pathlib import PurePath as NotPlain  # a class of another module
from typing import Any

from ophyd_async.core import (
    AsyncStatus,
    DetectorAcquireLogic,
    DetectorDataLogic,
    DetectorTriggerLogic,
    SignalDataProvider,
    SignalR,
    SignalRW,
    StandardDetector,
    StandardReadable,
    StandardReadableFormat,
    observe_value,
    set_and_wait_for_value,
    wait_for_value,
)
from ophyd_async.epics.core import epics_signal_r, epics_signal_rw


class Gauge(StandardReadable):
    """A gauge with one reading and one setting."""

    def __init__(self, prefix: str, name: str = "") -> None:
        with self.add_children_as_readables():
            self.pressure = epics_signal_r(float, f"{prefix}ai")
        with self.add_children_as_readables(StandardReadableFormat.CONFIG_SIGNAL):
            self.range = epics_signal_rw(float, f"{prefix}ao")
        #: of each connect whether it was told to begin anew.
        self.connects: list[bool] = []
        super().__init__(name)

    async def connect(self, mock: Any = False, timeout: float = 10, force_reconnect: bool = False) -> None:
        """Connect, and note how."""
        self.connects.append(force_reconnect)
        await super().connect(mock, timeout, force_reconnect)


class Half(StandardReadable):
    """One PV that is there, and one that is not."""

    def __init__(self, prefix: str, name: str = "") -> None:
        with self.add_children_as_readables():
            self.there = epics_signal_r(float, f"{prefix}ai")
            self.missing = epics_signal_r(float, f"{prefix}no_such_pv")
        super().__init__(name)


class Exposure(DetectorTriggerLogic):
    """Sets how long the detector exposes."""

    def __init__(self, exposure: SignalRW[float]) -> None:
        self.exposure = exposure

    def config_sigs(self) -> set[SignalR]:
        """Return the exposure."""
        return {self.exposure}

    async def prepare_internal(self, num: int, livetime: float, deadtime: float) -> None:
        """Set the exposure, and see that it is taken."""
        if livetime:
            await set_and_wait_for_value(self.exposure, livetime, timeout=20)


class Acquire(DetectorAcquireLogic):
    """Starts the detector, and waits until it is idle."""

    def __init__(self, acquire: SignalRW[int], idle: SignalR[bool]) -> None:
        self.acquire = acquire
        self.idle = idle
        self.status: AsyncStatus | None = None

    async def start_acquiring(self) -> None:
        """Begin one frame."""
        self.status = self.acquire.set(1)

    async def wait_for_idle(self) -> None:
        """Wait for the put to complete, and for the detector to say that it is idle."""
        if self.status is not None:
            await self.status
        await wait_for_value(self.idle, True, timeout=20)

    async def ensure_stopped(self) -> None:
        """Wait until it is idle."""
        async for idle in observe_value(self.idle, timeout=20):
            if idle:
                break


class Frames(DetectorDataLogic):
    """Gives the number of the frame."""

    def __init__(self, frames: SignalR[int]) -> None:
        self.frames = frames

    async def prepare_single(self, datakey_name: str) -> SignalDataProvider:
        """Return what reads it."""
        return SignalDataProvider(self.frames)


class Camera(StandardDetector):
    """A detector of ophyd-async whose signals are those of another device."""

    def __init__(
        self,
        exposure: SignalRW[float],
        acquire: SignalRW[int],
        idle: SignalR[bool],
        frames: SignalR[int],
        name: str = "",
    ) -> None:
        self.add_detector_logics(Exposure(exposure), Acquire(acquire, idle), Frames(frames))
        super().__init__(name)
