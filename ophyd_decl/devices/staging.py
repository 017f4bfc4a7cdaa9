"""Stages: which monitors a device or signal holds from `stage` to `unstage`.

Every stage holds its own monitors, so devices that share a signal, or that are staged twice, do not end each other's.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import join_read_errors
from .held import Hold, wait_for_first

if TYPE_CHECKING:
    from .verbs import SignalR


class Stage:
    """One stage: made when it begins, so that an unstage can end it before it is complete."""

    __slots__ = ("_task", "ended", "holds")

    def __init__(self) -> None:
        self.holds: list[Hold] = []
        #: whether an unstage has ended it before it was complete.
        self.ended = False
        self._task = asyncio.current_task()

    async def hold(self, signals: "Sequence[SignalR]") -> None:
        """Hold the monitors of all and wait for the first fresh value of each, in one batch.

        :raises ReadError: if one gives no value in time, or is absent.
        """
        leaves = list(dict.fromkeys(leaf for signal in signals for leaf in signal._leaves()))
        if not leaves:
            return
        with leaves[0]._context.binding.operation():
            for leaf in leaves:
                await leaf.ensure()
            absent = [leaf.no_answer(0.0).about(leaf.path, leaf._place) for leaf in leaves if leaf.absent]
            if absent:
                raise join_read_errors(absent, leaves[0].path)
            for leaf in leaves:
                self.holds.append(leaf.hold(None))
            timeout_s = max(leaf._shape.timeouts.read for leaf in leaves)
            late = await wait_for_first([hold.held for hold in self.holds], timeout_s)
            errors = [
                leaf.no_answer(timeout_s) if hold.held in late else hold.held.error
                for leaf, hold in zip(leaves, self.holds, strict=True)
            ]
            failures = [
                error.about(leaf.path, leaf._place)
                for leaf, error in zip(leaves, errors, strict=True)
                if error is not None
            ]
            if failures:
                raise join_read_errors(failures, leaves[0].path)

    def end(self) -> None:
        """Let its monitors go; a stage that is not complete is cancelled."""
        task, self._task = self._task, None
        if task is not None and task.get_loop() is asyncio.get_running_loop():
            self.ended = True
            task.cancel()
        for hold in self.holds:
            hold.close()

    def complete(self) -> None:
        """Note that nothing is waited for any more."""
        self._task = None


async def stage(stages: list[Stage], signals: "Sequence[SignalR]") -> None:
    """Begin one more stage of a device; done when the first fresh value of every signal is here.

    An unstage that comes before ends it well: a plan unstages what it has staged when one of its devices has failed,
    and another failure would hide that one.

    :param stages: those of the device, newest last.
    :raises ReadError: if a signal gives no value in time; then nothing is held for it.
    """
    begun = Stage()
    stages.append(begun)
    try:
        await begun.hold(signals)
    except BaseException:
        begun.complete()
        begun.end()
        if begun in stages:
            stages.remove(begun)
        task = asyncio.current_task()
        if not begun.ended or task is None or task.uncancel():
            raise
    begun.complete()


def unstage(stages: list[Stage] | None) -> None:
    """End the newest stage, on the device loop; nothing happens where there is none."""
    if stages:
        stages.pop().end()
