"""A coroutine that is cancelled where it waits, so that a test can cancel at each await in turn."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest


class CancelledAt(Coroutine[Any, Any, Any]):
    """A coroutine whose task is cancelled when it waits for the nth time.

    :ivar waits: how often it has waited.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Any], at: int) -> None:
        self._coroutine, self._at = coroutine, at
        self.waits = 0
        self.task: asyncio.Task[Any] | None = None

    def send(self, value: Any) -> Any:
        """Go on until it waits."""
        return self._waiting(self._coroutine.send(value))

    def throw(self, *error: Any) -> Any:
        """Go on with an error until it waits."""
        return self._waiting(self._coroutine.throw(*error))

    def close(self) -> None:
        """End it."""
        self._coroutine.close()

    def __await__(self) -> Any:
        """Wait as the coroutine does."""
        return self._coroutine.__await__()

    def _waiting(self, waited_for: Any) -> Any:
        self.waits += 1
        if self.waits == self._at and self.task is not None:
            asyncio.get_running_loop().call_soon(self.task.cancel)
        return waited_for


class NextStart:
    """Cancels the next coroutine that a binding starts, at the wait that is asked for.

    :ivar made: what was started so, in order.
    """

    def __init__(self, binding: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[CancelledAt] = []
        self._start = binding.start
        self._at: int | None = None
        monkeypatch.setattr(binding, "start", self._start_counted)

    def cancel_at(self, wait: int) -> None:
        """Cancel what is started next when it waits for the nth time."""
        self._at = wait

    def _start_counted(self, make: Any) -> Any:
        at, self._at = self._at, None
        if at is None:
            return self._start(make)
        counted = CancelledAt(make(), at)
        self.made.append(counted)
        counted.task = self._start(lambda: counted)
        return counted.task
