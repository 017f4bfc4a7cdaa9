"""What logic that ends by conditions has in common: when one holds, when one says that the device failed."""

from typing import Any

from ..devices.condition import Condition, Observation
from ..errors import MoveFailedError
from ..formula import FormulaError


class EndsByCondition:
    """Logic of a device with a condition of its end, and one of its failure.

    :param source: address that its errors name.
    """

    def __init__(self, device: Any, source: str, done: Condition | None, failed: Condition | None) -> None:
        self._device = device
        self._source = source
        self._done = done
        self._failed = failed

    def _holds(self, condition: Condition, seen: Observation) -> bool:
        try:
            return condition.holds(seen.snapshot)
        except FormulaError as error:
            raise self._about(MoveFailedError(f"its condition gives no answer: {error}")) from None

    def _raise_if_failed(self, seen: Observation) -> None:
        if self._failed is not None and self._holds(self._failed, seen):
            why = self._failed.describe(seen.snapshot)
            raise self._about(MoveFailedError(f"the device says that it failed: {why}"))

    def _about(self, error: Any) -> Any:
        """Add device and source to an error, where they are not known yet."""
        error.source = error.source or self._source
        return error.about(self._device.path, self._device._place)
