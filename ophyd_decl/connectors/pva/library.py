"""What is used of p4p, which comes without types: its classes by their shape, and the requests that are sent.

No other module of the package imports p4p.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, cast

import p4p.client.raw as raw

#: What a handler is given when it went wrong.
RemoteError: type[Exception] = cast(Any, raw).RemoteError
Disconnected: type[Exception] = cast(Any, raw).Disconnected
Finished: type[Exception] = cast(Any, raw).Finished
Cancelled: type[Exception] = cast(Any, raw).Cancelled


class Value(Protocol):
    """A structure of pvAccess."""

    def __getitem__(self, path: str) -> Any: ...

    def __setitem__(self, path: str, value: Any) -> None: ...

    def getID(self) -> str: ...  # noqa: D102, N802

    def has(self, path: str) -> bool: ...  # noqa: D102

    def type(self, path: str | None = None) -> Any: ...  # noqa: D102

    def get(self, path: str, default: Any = None) -> Any: ...  # noqa: D102

    def changed(self, path: str) -> bool: ...  # noqa: D102


class Closable(Protocol):
    """An operation or a subscription."""

    def close(self) -> None:
        """End it; waits for the worker thread of pvxs."""
        ...


class Subscription(Closable, Protocol):
    """A running subscription."""

    def pop(self) -> Value | Exception | None:
        """Return the next update, or None; the handler is called for the next one only after that."""
        ...


class Context(Closable, Protocol):
    """A client of pvxs."""

    def get(self, name: str, handler: Callable[[Any], None], request: Any = None) -> Closable:
        """Ask for a value."""
        ...

    def put(
        self, name: str, handler: Callable[[Any], None], builder: Callable[[Any], None], request: Any, get: bool
    ) -> Closable:
        """Send a value, which the builder fills in."""
        ...

    def monitor(self, name: str, handler: Callable[[], None], request: Any = None) -> Subscription:
        """Subscribe."""
        ...


def make_context(silence_s: float) -> Context:
    """Return a client with the addresses of the environment, which gives structures as they are.

    :param silence_s: for how long a server may say nothing before its connection is closed; 2 s at least. pvxs asks
        it something meanwhile. A time-out of the environment counts if it is shorter.
    Source: pvxs, "Configuration": the time-out is four thirds of what is configured.
    """
    timeout_s = 0.75 * silence_s
    with suppress(ValueError):  # pvxs does not understand it either
        timeout_s = min(timeout_s, float(os.environ.get("EPICS_PVA_CONN_TMO", timeout_s)))
    return cast(Any, raw).Context("pva", conf={"EPICS_PVA_CONN_TMO": f"{timeout_s:.3f}"}, nt=False, useenv=True)


def make_request(text: str) -> Any:
    """Return a parsed request, to be used many times."""
    return cast(Any, raw).Context.makeRequest(text)
