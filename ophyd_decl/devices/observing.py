"""Observing values as they come: the current one first, then each update, for as long as somebody iterates.

Nothing is left behind when the iteration ends, in whatever way: there is no task and no thread, and the monitors end
with the iterator.
"""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from typing import TYPE_CHECKING, Any

from ..errors import WaitTimeoutError
from ..vocab.readings import Reading
from .condition import Observation
from .type_variables import Value
from .verbs import SignalR

if TYPE_CHECKING:
    from bluesky.protocols import Status


async def observe_value(
    signal: SignalR[Value],
    timeout: float | None = None,
    done_status: "Status | None" = None,
    done_timeout: float | None = None,
) -> AsyncGenerator[Value]:
    """Yield the current value of a signal, then that of each update, also where it is the same value again.

    :param timeout: the longest time until the next update, in s; None: without limit.
    :param done_status: ends the iteration when it is done, after what had come until then; its failure is raised.
    :param done_timeout: the longest time of the whole iteration, in s; None: without limit.
    :raises WaitTimeoutError: if a time is over; tells signal and last value.
    :raises ReadError: if there is no value, or the connection breaks on the way.
    """
    observed = observe_signals_value(signal, timeout=timeout, done_status=done_status, done_timeout=done_timeout)
    async with aclosing(observed) as updates:
        async for _, value in updates:
            yield value


async def observe_signals_value(
    *signals: SignalR[Value],
    timeout: float | None = None,
    done_status: "Status | None" = None,
    done_timeout: float | None = None,
) -> AsyncGenerator[tuple[SignalR[Value], Value]]:
    """Yield each signal with its current value, in the order given, then those of which an update comes.

    :param timeout: the longest time until the next update of any of them, in s; None: without limit.
    :param done_status: ends the iteration when it is done, after what had come until then; its failure is raised.
    :param done_timeout: the longest time of the whole iteration, in s; None: without limit.
    :raises TypeError: if there is no signal.
    :raises WaitTimeoutError: if a time is over; tells signals and last values.
    :raises ReadError: if one has no value, or its connection breaks on the way.
    """
    if not signals:
        raise TypeError("observe_signals_value() takes one signal or more")
    ends_at = _from_now(done_timeout)
    async with AsyncExitStack() as stack:
        seen = await begin(stack, signals, min(_from_now(timeout), ends_at))
        ending = _Ending(seen)
        if done_status is not None:
            when_done(done_status, ending.begin)
        for signal in signals:
            yield signal, seen.value_of(signal)
        asked_until = min(_from_now(timeout), ends_at)
        while ending.rest != 0:
            left_s = asked_until - time.monotonic()
            if left_s <= 0 and ending.rest is None and (not seen.waiting or asked_until == ends_at):
                over = f"not done after {done_timeout:g} s" if asked_until == ends_at else f"no update in {timeout:g} s"
                raise late(signals, seen, over)
            leaf = await seen.next(None if left_s == math.inf else max(left_s, 0.0))
            if leaf is None:
                continue
            ending.count()
            for signal in signals:
                if leaf in signal._leaves():
                    yield signal, seen.value_of(signal)
            asked_until = min(_from_now(timeout), ends_at)
    if done_status is not None and (error := done_status.exception()) is not None:
        raise error


async def begin(stack: AsyncExitStack, signals: Sequence[SignalR], until: float) -> Observation:
    """Return an observation that ends with the stack, when the first value of each signal is there.

    :param until: on the clock of `time.monotonic`; `math.inf`: as long as a read may take.
    :raises WaitTimeoutError: if they are not there by then.
    :raises ReadError: if one has no value.
    """
    for signal in signals:
        if not isinstance(signal, SignalR):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{signal!r} is no signal that can be read")
    begun = time.monotonic()
    limit = asyncio.timeout(None if until == math.inf else until - begun)
    try:
        async with limit:
            for signal in signals:
                for leaf in signal._leaves():
                    await leaf.ensure()
            return await stack.enter_async_context(Observation(signals, every=True))
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise late(signals, None, f"no value within {time.monotonic() - begun:.3g} s") from error


def when_done(status: "Status", call: Callable[[], Any]) -> None:
    """Call on the running loop when a status is done, in whichever thread that happens."""
    loop = asyncio.get_running_loop()

    def done(_: Any) -> None:
        with suppress(RuntimeError):  # the loop was closed meanwhile, so nobody waits
            loop.call_soon_threadsafe(call)

    status.add_callback(done)


def late(signals: Sequence[SignalR], seen: Observation | None, problem: str, wanted: Any = None) -> WaitTimeoutError:
    """Return the error of what did not come in time.

    :param seen: what has the last values; None: there are none.
    """
    first = signals[0]
    outcomes = [None if seen is None else signal._compute(seen.snapshot) for signal in signals]
    values = [repr(one.value) if isinstance(one, Reading) else "no value" for one in outcomes]
    if len(signals) == 1:
        return WaitTimeoutError(problem, source=first.source, expected=wanted, found=values[0]).about(
            first.path, first._place
        )
    return WaitTimeoutError(
        problem,
        signal=", ".join(signal.path for signal in signals),
        expected=wanted,
        found=", ".join(f"{signal.path} = {value}" for signal, value in zip(signals, values, strict=True)),
    )


class _Ending:
    """The end of an iteration with a status: after the updates that had come until then.

    :ivar rest: how many are still to be given; None while the status is not done.
    """

    def __init__(self, seen: Observation) -> None:
        self._seen = seen
        self.rest: int | None = None

    def begin(self) -> None:
        """Give no more than what is waiting now."""
        self.rest = self._seen.waiting
        self._seen.wake()

    def count(self) -> None:
        """Count one that was given."""
        if self.rest:
            self.rest -= 1


def _from_now(span_s: float | None) -> float:
    return math.inf if span_s is None else time.monotonic() + span_s
