"""Move by setting a derived signal that shares what it moves with others, as gap and centre share two blades.

What a set moves is computed when its turn comes, from where the one before it has brought the blades. So of two sets at
the same time neither undoes the other. See decision 0026.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from ..devices.derived import DerivedSignalRW
from ..devices.node import Node
from ..devices.status import WatcherUpdate
from ..errors import LimitError, MoveFailedError, MoveTimeoutError
from .derived import DerivedMove


class Turn:
    """One move that waits for its turn, or has it.

    :ivar refused: path of the device whose move before this one did not end well; empty while there is none.
    """

    __slots__ = ("refused", "wake")

    def __init__(self) -> None:
        self.refused = ""
        self.wake = asyncio.Event()


#: The devices that move each axis by this logic.
_sharers: WeakKeyDictionary[Node, WeakSet[Any]] = WeakKeyDictionary()
#: The moves of each axis that several devices share, in the order in which they were asked for; the first one moves.
_lines: WeakKeyDictionary[Node, list[Turn]] = WeakKeyDictionary()


class CoupledMove(DerivedMove):
    """The logic `movable: coupled`; parameters as in `spec.CoupledOptions`, with nodes in the place of paths."""

    def __init__(self, device: Any, *, signal: DerivedSignalRW, timeout: float | None = None) -> None:
        super().__init__(device, signal=signal, timeout=timeout)
        for node in signal.moved:
            _sharers.setdefault(node, WeakSet()).add(device)
        #: whether a move was cancelled that had not had its turn, so that there is nothing to stop.
        self._gave_up = False

    async def check(self, value: Any) -> Any:
        """Return the value, if it lies inside its limits, and what it needs now too.

        While another device moves the same axes, where these will be when its turn comes is not known: then its targets
        are checked at its turn, before anything is moved for it.

        :raises LimitError: if the value, or a target, is outside.
        :raises SignalError: if the targets cannot be computed.
        """
        try:
            return await super().check(value)
        except LimitError as error:
            if error.signal == self._device.path or not self._axes_are_moved_by_others():
                raise
        return value

    def _axes_are_moved_by_others(self) -> bool:
        return any(
            other is not self._device and other._busy for node in self._signal.moved for other in _sharers.get(node, ())
        )

    async def move(self, value: Any, timeout_s: float | None) -> AsyncGenerator[WatcherUpdate]:
        """Wait for the moves that were asked for before, then set the derived signal and wait.

        :raises MoveTimeoutError: if its turn does not come in time.
        :raises MoveFailedError: if the move before it did not end well; nothing was moved for this one.
        :raises SignalError: what a target raises; the others are stopped then.
        """
        timeout_s = timeout_s if timeout_s is not None else self._timeout_s
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        self._gave_up = False
        with self._in_line() as turn:
            await self._wait_for(turn, value, timeout_s)
            left_s = None if deadline is None else max(deadline - time.monotonic(), 0.001)
            async with aclosing(super().move(value, left_s)) as updates:
                async for update in updates:
                    yield update

    async def stop(self) -> None:
        """Stop every target; a move that had not had its turn has moved nothing, and leaves the one before it alone."""
        gave_up, self._gave_up = self._gave_up, False
        if not gave_up:
            await super().stop()

    @contextmanager
    def _in_line(self) -> Generator[Turn]:
        """Stand in line; those behind a move that moved and did not end well are refused."""
        line = _lines.setdefault(self._signal.moved[0], [])
        turn = Turn()
        line.append(turn)
        try:
            yield turn
        except BaseException:
            if line[0] is turn:
                for behind in line[1:]:
                    behind.refused = behind.refused or self._device.path
                    behind.wake.set()
            raise
        finally:
            line.remove(turn)
            if line:
                line[0].wake.set()

    async def _wait_for(self, turn: Turn, value: Any, timeout_s: float | None) -> None:
        line = _lines[self._signal.moved[0]]
        try:
            async with asyncio.timeout(timeout_s):
                while line[0] is not turn and not turn.refused:
                    await turn.wake.wait()
                    turn.wake.clear()
        except TimeoutError:
            raise MoveTimeoutError(
                f"the move before it lasted longer than {timeout_s:.3g} s; nothing was moved to {value}",
                source=self._signal.source,
            ).about(self._device.path, self._device._place) from None
        except asyncio.CancelledError:
            self._gave_up = True
            raise
        if turn.refused:
            raise MoveFailedError(
                f"{turn.refused}, which moves the same axes, did not get there; nothing was moved to {value}",
                source=self._signal.source,
            ).about(self._device.path, self._device._place)
