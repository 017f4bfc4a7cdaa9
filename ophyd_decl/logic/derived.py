"""Move by setting a derived signal, which moves its inputs together."""

import time
from collections.abc import AsyncIterator
from typing import Any

from ..devices.derived import DerivedSignalRW
from ..devices.status import AsyncStatus, WatcherUpdate
from ..devices.verbs import SignalR
from ..errors import MoveTimeoutError, SignalError


class DerivedMove:
    """The logic `movable: derived`; parameters as in `spec.DerivedOptions`, with nodes in the place of paths."""

    def __init__(self, device: Any, *, signal: DerivedSignalRW, timeout: float | None = None) -> None:
        self._device = device
        self._signal = signal
        self._timeout_s = timeout
        self.readback: SignalR = signal
        self.setpoint: SignalR = signal

    async def check(self, value: Any) -> Any:
        """Return the value, if it and every target lie inside their limits.

        :raises LimitError: if the value, or a target, is outside.
        :raises SignalError: if the targets cannot be computed.
        """
        try:
            self._signal.check_value(value)
        except SignalError as error:
            error.signal = self._device.path
            raise
        for node, target in await self._signal.compute_targets(value):
            await _check(node, target)
        return value

    async def move(self, value: Any, timeout_s: float | None) -> AsyncIterator[WatcherUpdate]:
        """Set the derived signal and wait.

        :raises MoveTimeoutError: if the end does not come in time; its targets are stopped.
        :raises SignalError: what a target raises.
        """
        timeout_s = timeout_s if timeout_s is not None else self._timeout_s
        initial = await self._signal.get_value()
        units = self._signal.shape.units

        def update(current: Any) -> WatcherUpdate:
            return WatcherUpdate(current, initial, value, self._device.name, units, self._signal.shape.precision)

        yield update(initial)
        started = time.monotonic()
        status: AsyncStatus[None] = self._signal.set(value, timeout=timeout_s)
        try:
            await status
        except TimeoutError as error:
            if isinstance(error, MoveTimeoutError):
                raise
            await self.stop()
            raise MoveTimeoutError(
                f"not at {value} after {time.monotonic() - started:.3g} s; it was stopped", source=self._signal.source
            ).about(self._device.path, self._device.place) from error
        yield update(await self._signal.get_value(cached=False))

    async def stop(self) -> None:
        """Stop every target."""
        await self._signal.stop_targets()


async def _check(node: Any, value: Any) -> None:
    outcome = node.check_value(value)
    if outcome is not None:
        await outcome
