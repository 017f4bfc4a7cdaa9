"""A coroutine that is cancelled where it waits, so that a test can cancel at each await in turn."""

import asyncio
from collections.abc import Coroutine
from typing import Any


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
