"""The verbs of signals, as small classes: a signal has only those that its access allows.

They are written on four primitives that a wire signal and a derived signal provide in their own way: `_leaves`,
`_compute`, `_describe` and `_write`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..connectors.protocol import Description, Update
from ..errors import OphydDeclError, join_read_errors
from ..vocab.readings import Reading
from .data_key import data_key
from .held import callback_thread, log, next_subscription_id, wait_for_first, wants_keywords
from .node import Node
from .reading import read_one
from .status import AsyncStatus

if TYPE_CHECKING:
    from ..blueprint import SignalShape
    from .signal import WireSignal

Snapshot = Mapping["WireSignal", Update]


class SignalNode(Node):
    """What every signal has: a declared shape, and the primitives that verbs are written on."""

    __slots__ = ("_held_by_stage", "_shape", "_subscriptions")

    _shape: "SignalShape"
    _subscriptions: dict[Any, "Subscription"] | None
    _held_by_stage: int

    @property
    def datatype(self) -> Any:
        """Return the declared dtype."""
        return self._shape.datatype

    @property
    def source(self) -> str:
        """Return the address with its scheme, as documents show it."""
        raise NotImplementedError

    @property
    def left_out(self) -> bool:
        """Return whether it is optional and absent, so that documents do without it."""
        return False

    def _leaves(self) -> "Sequence[WireSignal]":
        """Return the wire signals that a reading is made from."""
        raise NotImplementedError

    def _compute(self, snapshot: Snapshot) -> Update:
        """Return the reading that one snapshot of the leaves gives."""
        raise NotImplementedError

    async def _describe(self) -> Description:
        """Return what the server says now; raise where it cannot be asked."""
        raise NotImplementedError

    async def _write(self, value: Any, timeout_s: float | None) -> None:
        """Write one value and wait as the file says."""
        raise NotImplementedError

    def _check_write(self, value: Any) -> None:
        """Raise if this value would not be sent."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Return path and source."""
        return f"<{type(self).__name__} {self.path} {self.source}>"


class Subscription:
    """One callback on one signal, through the monitors of its leaves."""

    def __init__(self, signal: "SignalR", tell: Callable[[Reading], None]) -> None:
        self._signal = signal
        self._tell = tell
        self._snapshot: dict[WireSignal, Update] = {}
        self._listeners: list[tuple[WireSignal, Callable[[Update], None]]] = []
        self._closed = False

    async def open(self) -> None:
        """Start the monitors."""
        if self._closed:
            return
        for leaf in self._signal._leaves():
            await leaf._context.ensure(leaf.path)
        for leaf in self._signal._leaves():
            listener = self._listener(leaf)
            self._listeners.append((leaf, listener))
            leaf.hold(listener)

    def close(self) -> None:
        """End them; called on the device loop."""
        self._closed = True
        for leaf, listener in self._listeners:
            leaf.let_go(listener)
        self._listeners.clear()

    def _listener(self, leaf: "WireSignal") -> Callable[[Update], None]:
        def take(update: Update) -> None:
            self._snapshot[leaf] = update
            if len(self._snapshot) < len(self._listeners):
                return
            reading = self._signal._compute(self._snapshot)
            if isinstance(reading, Reading):
                self._tell(reading)
            else:
                log.warning("%s: no value for its subscribers: %s", self._signal.path, reading)

        return take


class SignalR(SignalNode):
    """A signal that can be read, staged and subscribed to."""

    __slots__ = ()

    async def read(self, cached: bool | None = None) -> dict[str, dict[str, Any]]:
        """Return `{name: reading}`.

        :param cached: True: the held value, or an error if there is none; False: a fresh one; None: the held value if
            it can be trusted, else a fresh one.
        :raises ReadError: if there is no value that can be trusted.
        """
        return {self.name: (await read_one(self, cached)).document()}

    async def get_value(self, cached: bool | None = None) -> Any:
        """Return the value; parameters and errors as `read`."""
        return (await read_one(self, cached)).value

    async def describe(self) -> dict[str, dict[str, Any]]:
        """Return `{name: data key}` from what the server said in this connection.

        :raises ReadError: if the signal is not connected or refused.
        """
        with self._context.binding.operation():
            await self._context.ensure(self.path)
            return {self.name: data_key(self.source, self._shape, await self._describe())}

    def stage(self) -> AsyncStatus[None]:
        """Hold a monitor until `unstage`; done when the first value is here."""
        return AsyncStatus(self._stage, self._context.binding, self.name)

    def unstage(self) -> AsyncStatus[None]:
        """Let the monitor go."""
        return AsyncStatus(self._unstage, self._context.binding, self.name)

    async def _stage(self) -> None:
        await stage_signals([self])

    async def _unstage(self) -> None:
        unstage_signals([self])

    def subscribe(self, callback: Callable[..., Any]) -> int:
        """Call `callback` with the value now and at each change, until `clear_sub`.

        A callback with a parameter `value` gets the keywords `value, old_value, timestamp` on a worker thread; any
        other gets `{name: reading}` on the device loop.

        :returns: a number for `clear_sub`.
        """
        number = next_subscription_id()
        if wants_keywords(callback):
            callback_thread.add_user()
            tell = _keywords(callback)
        else:
            name = self.name

            def tell_dict(reading: Reading) -> None:
                callback({name: reading.document()})

            tell = tell_dict

        subscription = Subscription(self, tell)
        subscriptions = self._subscriptions
        if subscriptions is None:
            subscriptions = self._subscriptions = {}
        subscriptions[number] = subscriptions[callback] = subscription
        AsyncStatus(subscription.open, self._context.binding, f"subscription to {self.name}")
        return number

    def subscribe_reading(self, callback: Callable[[dict[str, Any]], Any]) -> int:
        """Do as `subscribe` for a callback in bluesky's form."""
        return self.subscribe(callback)

    def clear_sub(self, callback: Callable[..., Any] | int) -> None:
        """End a subscription, named by its callback or its number.

        :raises OphydDeclError: if there is no such subscription.
        """
        subscriptions = self._subscriptions or {}
        subscription = subscriptions.get(callback)
        if subscription is None:
            raise OphydDeclError(f"{self.path}: {callback!r} is not subscribed")
        keys = [key for key, value in subscriptions.items() if value is subscription]
        for key in keys:
            del subscriptions[key]
            if callable(key) and wants_keywords(key):
                callback_thread.remove_user()

        async def close() -> None:
            subscription.close()

        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is not None and running is self._context.binding.loop:
            subscription.close()
        elif running is None:
            self._context.binding.run(close, "clear_sub()", "")
        else:
            self._context.binding.start(close)

    def get(self) -> Any:
        """Return a fresh value, from a thread that runs no event loop.

        :raises WouldBlockError: on the device loop; write `await signal.get_value()` or `yield from bps.rd(signal)`.
        :raises ReadError: if there is no value.
        """
        return self._context.binding.run(
            lambda: self.get_value(cached=False),
            f"{self.path}.get()",
            "`await signal.get_value()`, or in a plan `yield from bps.rd(signal)`",
        )


class SignalW(SignalNode):
    """A signal that can be written."""

    __slots__ = ()

    def set(self, value: Any, timeout: float | None = None) -> AsyncStatus[None]:
        """Write a value; done when the server has completed it.

        :param timeout: in s; None: the write time-out of the signal.
        :raises: the status holds a `WriteError` if it was refused, lost, timed out or not sent.
        """
        return AsyncStatus(lambda: self._write(value, timeout), self._context.binding, self.name)

    def check_value(self, value: Any) -> None:
        """Raise if a set to this value would be refused before it is sent.

        :raises LimitError: outside the limits.
        :raises ReadOnlyError: in read-only mode.
        :raises PutRefusedError: if the server allows no write.
        :raises MismatchError: if file and server differ in a way that makes a write unsafe.
        """
        self._check_write(value)

    def put(self, value: Any, timeout: float | None = None) -> None:
        """Write a value and wait, from a thread that runs no event loop.

        :raises WouldBlockError: on the device loop; write `await signal.set(value)`, in a plan `bps.mv(signal, value)`.
        :raises WriteError: if it was refused, lost, timed out or not sent.
        """
        self._context.binding.run(
            lambda: self._write(value, timeout),
            f"{self.path}.put()",
            "`await signal.set(value)`, or in a plan `yield from bps.mv(signal, value)`",
        )


class SignalRW(SignalR, SignalW):
    """A signal that can be read and written."""

    __slots__ = ()

    async def locate(self) -> dict[str, Any]:
        """Return `{"setpoint", "readback"}`, both fresh.

        :raises ReadError: if one cannot be read.
        """
        setpoint, readback = await asyncio.gather(self._get_setpoint(), self.get_value())
        return {"setpoint": setpoint, "readback": readback}

    async def _get_setpoint(self) -> Any:
        return await self.get_value(cached=False)


def _keywords(callback: Callable[..., Any]) -> Callable[[Reading], None]:
    old: list[Any] = [None]

    def tell(reading: Reading) -> None:
        previous, old[0] = old[0], reading.value
        callback_thread.call(lambda: callback(value=reading.value, old_value=previous, timestamp=reading.timestamp))

    return tell


async def stage_signals(signals: Sequence[SignalR]) -> None:
    """Hold the monitors of all and wait for the first fresh value of each, in one batch.

    :raises ReadError: if one gives no value in time; then none is held.
    """
    leaves = [leaf for signal in signals for leaf in signal._leaves()]
    if not leaves:
        return
    with leaves[0]._context.binding.operation():
        for leaf in leaves:
            await leaf._context.ensure(leaf.path)
        absent = [leaf.no_answer(0.0).about(leaf.path, leaf._place) for leaf in leaves if leaf.absent]
        if absent:
            raise join_read_errors(absent, leaves[0].path)
        helds = [leaf.hold(None) for leaf in leaves]
        try:
            timeout = max(leaf._shape.timeouts.read for leaf in leaves)
            late = await wait_for_first(helds, timeout)
            errors = [
                leaf.no_answer(timeout) if held in late else held.error
                for leaf, held in zip(leaves, helds, strict=True)
            ]
            failures = [
                error.about(leaf.path, leaf._place)
                for leaf, error in zip(leaves, errors, strict=True)
                if error is not None
            ]
            if failures:
                raise join_read_errors(failures, leaves[0].path)
        except BaseException:
            for leaf in leaves:
                leaf.let_go(None)
            raise
    for signal in signals:
        signal._held_by_stage += 1


def unstage_signals(signals: Sequence[SignalR]) -> None:
    """Let the monitors go that `stage_signals` holds; a signal that is not staged is passed over."""
    for signal in signals:
        if signal._held_by_stage:
            signal._held_by_stage -= 1
            for leaf in signal._leaves():
                leaf.let_go(None)
