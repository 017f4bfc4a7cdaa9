"""A device of a class that no library has: bluesky's verbs, some of which block."""

import threading
import time
from collections.abc import Callable
from typing import Any


class Status:
    """A status that ends in a thread after a time, or never."""

    def __init__(self, after_s: float | None, error: Exception | None = None) -> None:
        self._error = error
        self._callbacks: list[Callable[[Any], None]] = []
        self._lock = threading.Lock()
        self._ended = False
        if after_s is not None:
            threading.Timer(after_s, self._end).start()

    def _end(self) -> None:
        with self._lock:
            self._ended = True
        for callback in self._callbacks:
            callback(self)

    def add_callback(self, callback: Callable[[Any], None]) -> None:
        """Call this at the end, or now if that was before."""
        with self._lock:
            if not self._ended:
                self._callbacks.append(callback)
                return
        callback(self)

    def exception(self, timeout: float | None = 0.0) -> Exception | None:
        """Return what went wrong."""
        return self._error


class Plain:
    """A place that can be set: to 5 in vain, to 9 never, elsewhere at once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.value = 0.0
        self.wanted: list[float] = []
        self.stops: list[bool] = []

    def read(self) -> dict[str, Any]:
        """Return the value, after a moment."""
        time.sleep(0.01)
        return {self.name: {"value": self.value, "timestamp": 1.0}}

    async def describe(self) -> dict[str, Any]:
        """Return what it is."""
        return {self.name: {"source": "plain", "dtype": "number", "shape": [], "units": "mm"}}

    def check_value(self, value: float) -> None:
        """Refuse what is negative."""
        if value < 0:
            raise ValueError("below 0")

    def set(self, value: float) -> Status:
        """Set it."""
        self.wanted.append(value)
        if value == 5:
            return Status(0.01, RuntimeError("stuck"))
        if value == 9:
            return Status(None)
        self.value = value
        return Status(0.01)

    def stop(self, success: bool = True) -> None:
        """Note how it was stopped."""
        self.stops.append(success)


class Mute:
    """A device without verbs."""
