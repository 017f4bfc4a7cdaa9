"""Move by setting a derived signal, which moves its inputs together."""

from collections.abc import AsyncGenerator
from typing import Any

from ..devices.condition import Observation
from ..devices.derived import DerivedSignalRW
from ..devices.status import WatcherUpdate, progress
from ..devices.verbs import SignalR
from ..errors import SignalError
from ..vocab.readings import Reading


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
        await self._signal.check_targets(value)
        return value

    async def move(self, value: Any, timeout_s: float | None) -> AsyncGenerator[WatcherUpdate]:
        """Set the derived signal and wait.

        :raises SignalError: what a target raises; the others are stopped then.
        """
        timeout_s = timeout_s if timeout_s is not None else self._timeout_s
        async with Observation([self._signal]) as seen:
            initial = self._position(seen)

            def update() -> WatcherUpdate:
                shape = self._signal._shape
                return progress(self._position(seen), initial, value, self._device.name, shape.units, shape.precision)

            yield update()
            async with self._signal.set(value, timeout=timeout_s) as status:
                status.add_callback(seen.wake)
                while not status.done:
                    if await seen.next(None):
                        yield update()
                status.result()
            await seen.refresh()
            yield update()

    async def stop(self) -> None:
        """Stop every target."""
        await self._signal.stop_targets()

    def _position(self, seen: Observation) -> Any:
        """Return the value now; None where the formula gives none, as a mono at 0 degrees has no energy."""
        outcome = self._signal._compute(seen.snapshot)
        return outcome.value if isinstance(outcome, Reading) else None
