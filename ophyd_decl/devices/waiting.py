"""Waiting until a signal has a value, alone or after a set, with what was seen in the error where it does not come."""

import math
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, cast

from .numbers import agree
from .observing import begin, late, when_done
from .status import AsyncStatus
from .type_variables import Awaited, Value
from .verbs import SignalR, SignalRW, SignalW

#: How long a value is waited for after a set, unless it is said, in s.
DEFAULT_TIMEOUT_S = 10.0


async def wait_for_value(signal: SignalR[Value], match: Value | Callable[[Value], bool], timeout: float | None) -> None:
    """Wait until a signal has a value; done at once if it has it now.

    :param match: the value, where floats agree as far as single precision goes and all else exactly; or a function
        that says whether a value is wanted.
    :param timeout: in s; None: without limit.
    :raises WaitTimeoutError: if it does not come in time; tells the last value.
    :raises ReadError: if the signal has no value, or its connection breaks on the way.
    """
    wanted = Wanted(match)
    until = math.inf if timeout is None else time.monotonic() + timeout
    async with AsyncExitStack() as stack:
        seen = await begin(stack, [signal], until)
        while not wanted(seen.value_of(signal)):
            left_s = until - time.monotonic()
            if left_s <= 0 and not seen.waiting:
                raise late([signal], seen, f"did not come to the value within {timeout:g} s", wanted)
            await seen.next(None if left_s == math.inf else max(left_s, 0.0))


async def set_and_wait_for_value(
    signal: SignalRW[Value, Any],
    value: Any,
    match_value: Value | Callable[[Value], bool] | None = None,
    timeout: float | None = DEFAULT_TIMEOUT_S,
    set_timeout: float | None = None,
    wait_for_set_completion: bool = True,
) -> AsyncStatus[Any]:
    """Set a signal and wait until it has a value: that which was set, or another one.

    :param match_value: None: `value`; else as in `wait_for_value`. Other parameters and errors are those of
        `set_and_wait_for_other_value`.
    """
    match: Any = value if match_value is None else match_value
    return await set_and_wait_for_other_value(
        signal, value, signal, match, timeout, set_timeout, wait_for_set_completion
    )


async def set_and_wait_for_other_value(
    set_signal: SignalW[Value],
    set_value: Value,
    match_signal: SignalR[Awaited],
    match_value: Awaited | Callable[[Awaited], bool],
    timeout: float | None = DEFAULT_TIMEOUT_S,
    set_timeout: float | None = None,
    wait_for_set_completion: bool = True,
) -> AsyncStatus[Any]:
    """Set one signal and wait until another has a value; it is observed from before the set, so no change is missed.

    :param match_value: as in `wait_for_value`.
    :param timeout: for the value, in s; None: without limit.
    :param set_timeout: for the set, in s; None: the write time-out of the signal.
    :param wait_for_set_completion: False: done when the value is there, while the set may go on.
    :returns: the status of the set.
    :raises WaitTimeoutError: if the value does not come in time; tells the last value. The set is then cancelled.
    :raises ReadError: if the observed signal has no value, or its connection breaks on the way.
    :raises WriteError: if the set failed, as soon as it does.
    """
    wanted = Wanted(match_value)
    until = math.inf if timeout is None else time.monotonic() + timeout
    async with AsyncExitStack() as stack:
        seen = await begin(stack, [match_signal], until)
        status = set_signal.set(set_value, timeout=set_timeout)
        when_done(status, seen.wake)
        came = False
        try:
            while True:
                came = came or wanted(seen.value_of(match_signal))
                if status.done and (error := status.exception()) is not None:
                    raise error
                if came and (status.done or not wait_for_set_completion):
                    return status
                left_s = math.inf if came else until - time.monotonic()
                if left_s <= 0 and not seen.waiting:
                    after = f"{timeout:g} s of a set of {set_signal.path} to {set_value!r}"
                    raise late([match_signal], seen, f"did not come to the value within {after}", wanted)
                await seen.next(None if left_s == math.inf else max(left_s, 0.0))
        except BaseException:
            async with status:  # its end cancels the set
                raise


class Wanted:
    """What is waited for: a value, or a function that says whether a value is it."""

    def __init__(self, match: Any) -> None:
        self._match = match

    def __call__(self, value: Any) -> bool:
        """Return whether this value is wanted."""
        if callable(self._match):
            return bool(cast(Callable[[Any], Any], self._match)(value))
        return agree(self._match, value)

    def __str__(self) -> str:
        """Return the value, or the name of the function."""
        return getattr(self._match, "__name__", repr(self._match)) if callable(self._match) else repr(self._match)
