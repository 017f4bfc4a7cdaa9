"""What logic that ends by conditions has in common: when one holds, when one says that the device failed."""

from collections.abc import Mapping
from typing import Any

from ..connectors.protocol import Update
from ..devices.condition import Condition, Observation
from ..devices.signal import WireSignal
from ..errors import MoveFailedError
from ..formula import FormulaError

Snapshot = Mapping[WireSignal, Update]


class EndsByCondition:
    """Logic of a device with a condition of its end, and one of its failure.

    :param source: address that its errors name.
    """

    def __init__(self, device: Any, source: str, done: Condition | None, failed: Condition | None) -> None:
        self._device = device
        self._source = source
        self._done = done
        self._failed = failed

    def _holds(self, condition: Condition, snapshot: Snapshot, target: Any = None) -> bool:
        try:
            return condition.holds(snapshot, target)
        except FormulaError as error:
            raise self._about(MoveFailedError(f"its condition gives no answer: {error}")) from None

    def _about(self, error: Any) -> Any:
        """Add device and source to an error, where they are not known yet."""
        error.source = error.source or self._source
        return error.about(self._device.path, self._device._place)


class Course:
    """What the conditions have said since the device was told to start, however short it was.

    :param seen: delivers the updates; the course takes note of each, those that a refresh passes over too.
    :param grace_s: for how long a `done` that is still true may be the one from before.

    `has_begun` is whether `done` was false since, or need not be; `has_fallen`, whether it was since that was reset.
    """

    __slots__ = ("_failure", "_logic", "_seen", "has_begun", "has_fallen")

    def __init__(self, logic: EndsByCondition, seen: Observation, grace_s: float) -> None:
        self._logic = logic
        self._seen = seen
        self._failure = ""
        self.has_begun = not grace_s
        self.has_fallen = False
        seen.follow(self._note)

    def done_holds(self) -> bool:
        """Return whether `done` is true now; a device without one is always done."""
        done = self._logic._done
        return done is None or self._logic._holds(done, self._seen.snapshot)

    def raise_if_failed(self) -> None:
        """Raise if the device has said that it failed.

        :raises MoveFailedError: with what it said.
        """
        failed = self._logic._failed
        if failed is None:
            return
        if not self._failure and self._logic._holds(failed, self._seen.snapshot):
            self._failure = failed.describe(self._seen.snapshot)
        if self._failure:
            raise self._logic._about(MoveFailedError(f"the device says that it failed: {self._failure}"))

    def _note(self, leaf: WireSignal) -> None:
        logic, snapshot = self._logic, self._seen.snapshot
        done, failed = logic._done, logic._failed
        if done is not None and done.depends_on(leaf) and not logic._holds(done, snapshot):
            self.has_begun = self.has_fallen = True
        if not self._failure and failed is not None and failed.depends_on(leaf) and logic._holds(failed, snapshot):
            self._failure = failed.describe(snapshot)
