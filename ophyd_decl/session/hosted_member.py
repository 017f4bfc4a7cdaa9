"""A hosted device, or something in it, for people who look: read, watched and set by its own verbs.

Age, loss and generations of such values are what their library makes of them, so nothing else may be built on them:
derived signals and conditions need native signals (decision 0025).
"""

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

from ..devices.hosted import leaves_of, said
from ..devices.node import Node
from ..devices.python_device import PythonDevice, holder_of
from ..errors import AbsentError, ReadError, SignalError, WriteError
from ..vocab.datatypes import Datatype
from .hosting import in_a_thread, state_of

#: Of a read, in s.
_READ_S = 5.0
#: dtypes of event-model, and ours.
_DTYPES = {"number": "float", "integer": "int", "boolean": "bool", "string": "str", "array": "any"}


class HostedMember:
    """What a path leads to in a hosted device; empty below the device it is the device itself.

    :param place: of the device.
    :param below: path below the device.
    :param made: what is there; None: the device, once it is made.
    """

    def __init__(self, place: PythonDevice, below: str = "", made: Any = None) -> None:
        self._place = place
        self._below = below
        self._found = made

    @property
    def path(self) -> str:
        """Return the path from the root of the beamline."""
        return f"{self._place.path}.{self._below}" if self._below else self._place.path

    @property
    def name(self) -> str:
        """Return its name in documents."""
        return str(getattr(self._made, "name", "")) or self.path

    @property
    def _made(self) -> Any:
        return self._place.made() if self._found is None else self._found

    @property
    def can_be_set(self) -> bool:
        """Return whether it has the verb.

        :raises NotHostedError: if the device cannot be made.
        """
        return hasattr(self._made, "set")

    def signals(self) -> "list[HostedMember]":
        """Return the signals that stand for it: where a movable is, if its hints say so, or all that can be read.

        Only itself, if it is a signal, or the library of its class tells no signals. Where a movable is has its path.

        :raises NotHostedError: if the device cannot be made.
        """
        made = self._made
        leaves = [leaf for leaf in leaves_of(made, self._place._library) if hasattr(leaf.signal, "read")]
        if not leaves or leaves[0].signal is made:
            return [self]
        if self.can_be_set:
            hinted = set(cast("Mapping[str, Sequence[str]]", getattr(made, "hints", None) or {}).get("fields", ()))
            readbacks = [leaf for leaf in leaves if leaf.signal.name in hinted]
            if len(readbacks) == 1:
                return [HostedMember(self._place, self._below, readbacks[0].signal)]
        prefix = f"{self._below}." if self._below else ""
        return [HostedMember(self._place, prefix + leaf.path, leaf.signal) for leaf in leaves]

    async def read(self) -> dict[str, dict[str, Any]]:
        """Return its readings by name, as its own `read` gives them.

        :raises SignalError: if it was not connected, or gives none.
        """
        return await self._ask("read")

    async def describe(self) -> dict[str, dict[str, Any]]:
        """Return its data keys by name; errors as `read`."""
        return await self._ask("describe")

    async def datatype(self) -> tuple[Datatype, Sequence[str]]:
        """Return of which type values are that it can be set to, and the labels of numbers; errors as `read`.

        Numbers with labels are what ophyd makes of an enum.
        """
        signal = self.signals()[0]
        data_key = next(iter((await signal.describe()).values()))
        if data_key.get("choices"):
            return Datatype("str"), ()
        if data_key.get("shape"):
            return Datatype("any", (None,)), ()
        return Datatype(_DTYPES.get(str(data_key.get("dtype")), "any")), data_key.get("enum_strs") or ()

    async def get_value(self, cached: bool | None = None) -> Any:
        """Return the value of the first signal that stands for it; errors as `read`."""
        del cached  # as its library does it
        return next(iter((await self.signals()[0].read()).values()))["value"]

    async def check_value(self, value: Any) -> None:
        """Raise if its library would refuse the value.

        :raises WriteError: what the library says.
        """
        self._raise_trouble()
        if hasattr(self._made, "check_value"):
            await self._call(WriteError, "check_value", value)

    async def set(self, value: Any, timeout: float | None = None) -> None:
        """Set it, and wait until that is done; stopped when it takes longer, or when the wait is cancelled.

        :param timeout: in s; None: as long as its library waits.
        :raises WriteError: what the library says, or that it took longer.
        """
        self._raise_trouble()
        status: Any = None
        try:
            async with asyncio.timeout(timeout):
                status = await self._call(WriteError, "set", value, answer_is_status=True)
                await _ended(status)
        except TimeoutError as error:
            await self._stop()
            raise self._about(WriteError(f"it did not end within {timeout:g} s; it was stopped")) from error
        except asyncio.CancelledError:
            await self._stop()
            raise
        except SignalError:
            raise
        except Exception as error:
            raise self._about(WriteError(said(error))) from error

    async def _stop(self) -> None:
        if hasattr(self._made, "stop"):
            with suppress(SignalError):
                await self._call(WriteError, "stop", success=False)

    def subscribe(self, callback: Callable[[dict[str, dict[str, Any]]], None]) -> Any:
        """Have readings given to a callback on this loop, the present one first.

        :returns: what `clear_sub` takes.
        :raises ReadError: if its library has no subscriptions to it.
        """
        loop, name, made = asyncio.get_running_loop(), self.name, self._made
        subscribe = getattr(made, "subscribe_reading", None) or getattr(made, "subscribe", None)
        if subscribe is None:
            raise self._about(ReadError("it cannot be watched"))

        def take(readings: Any = None, **facts: Any) -> None:
            # ophyd gives keywords, everybody else a mapping of readings.
            given = readings or {name: {"value": facts.get("value"), "timestamp": facts.get("timestamp", 0.0)}}
            if not loop.is_closed():
                loop.call_soon_threadsafe(callback, given)

        subscribe(take)
        return take

    def clear_sub(self, token: Any) -> None:
        """End a subscription."""
        self._made.clear_sub(token)

    async def _ask(self, verb: str) -> dict[str, dict[str, Any]]:
        self._raise_trouble()
        return await self._call(ReadError, verb)

    async def _call(
        self, kind: type[SignalError], verb: str, *args: Any, answer_is_status: bool = False, **options: Any
    ) -> Any:
        """Call a verb: one of ophyd in a thread, as it may block, one of ophyd-async on the loop."""
        method = getattr(self._made, verb, None)
        if method is None:
            raise self._about(kind(f"a {type(self._made).__name__} has no `{verb}`"))
        on_loop = self._place._library == "ophyd-async" or inspect.iscoroutinefunction(method)
        try:
            async with asyncio.timeout(None if answer_is_status else _READ_S):
                if on_loop:
                    answer = method(*args, **options)
                else:
                    answer = await in_a_thread(self.path, lambda: method(*args, **options))
                if inspect.isawaitable(answer) and not answer_is_status:
                    answer = await answer
                return answer
        except TimeoutError as error:
            raise self._about(kind(f"`{verb}` has not ended after {_READ_S:g} s")) from error
        except Exception as error:
            raise self._about(kind(said(error))) from error

    def _raise_trouble(self) -> None:
        """Raise what its connect came to.

        :raises AbsentError: if it was not connected.
        """
        path = self.path
        for trouble in state_of(self._place).troubles:
            if path == trouble.path or path.startswith(f"{trouble.path}."):
                raise self._about(AbsentError(trouble.cause, source=trouble.source, help=trouble.help))

    def _about(self, error: SignalError) -> SignalError:
        return error.about(self.path, self._place._place)


def hosted_member(node: Any, path: str) -> Any:
    """Return the member that something in a hosted device is, or the device itself; any other node as it is.

    :param path: from the root of the beamline, by which it was found; that of a signal is known without.
    """
    if isinstance(node, PythonDevice):
        return HostedMember(node)
    if isinstance(node, Node):
        return node
    place = holder_of(node)
    known = [leaf.path for leaf in leaves_of(place.made(), place._library) if leaf.signal is node]
    return HostedMember(place, known[0] if known else path.removeprefix(f"{place.path}."), node)


async def _ended(status: Any) -> None:
    """Wait for a status of any library.

    :raises Exception: what the status says went wrong.
    """
    if inspect.isawaitable(status):
        await status
        return
    if not hasattr(status, "add_callback"):
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def take(*_: Any) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(ended.set)

    status.add_callback(take)
    await ended.wait()
    error = status.exception(timeout=0)
    if error is not None:
        raise error
