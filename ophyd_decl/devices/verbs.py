"""The verbs of signals, as small classes: a signal has only those that its access allows.

They are written on four primitives that a wire signal and a derived signal provide in their own way: `_leaves`,
`_compute`, `_describe` and `_write`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic

from ..connectors.protocol import Description, Update
from ..errors import OphydDeclError, Place
from ..vocab.readings import Reading
from .context import Context
from .data_key import data_key
from .node import Node
from .reading import describe_signals, read_one, settle
from .scanned import note_set
from .staging import Stage, stage, unstage
from .status import AsyncStatus
from .subscription import Subscription
from .type_variables import Target_contra, Value, Value_co, Value_contra

if TYPE_CHECKING:
    from bluesky.protocols import Location
    from bluesky.protocols import Reading as ReadingDocument
    from event_model.documents.event_descriptor import DataKey

    from ..blueprint import SignalShape
    from .signal import WireSignal

Snapshot = Mapping["WireSignal", Update]


class SignalNode(Node):
    """What every signal has: a declared shape, and the primitives that verbs are written on."""

    __slots__ = ("_shape", "_stages", "_subscriptions")

    _shape: "SignalShape"
    #: None where there never was one: most signals are neither subscribed to nor staged by themselves.
    _subscriptions: list[Subscription] | None
    _stages: list[Stage] | None

    def __init__(
        self, context: Context, parent: Node | None, key: str | int, name: str | None, shape: "SignalShape"
    ) -> None:
        super().__init__(context, parent, key, name, shape.place)
        self._shape = shape
        self._subscriptions = None
        self._stages = None

    def _place_of(self, key: str) -> Place:
        """Return where a key of it was given, as `_told_at` gives it."""
        return self._told_at(self._shape.place_of(key))

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

    async def _write(self, value: Any, timeout_s: float | None) -> Reading | None:
        """Write one value and wait as the file says; return the reading behind it, where there is one anyway."""
        raise NotImplementedError

    def _check_write(self, value: Any) -> None:
        """Raise if this value would not be sent."""
        raise NotImplementedError

    def _check_dtype(self, value: Any) -> None:
        """Raise if a value is known to be none of the dtype; a put finds that out itself.

        :raises BadValueError: says what is wrong with it.
        """

    def _as_axis(self) -> "tuple[list[SignalR], list[str]]":
        """Return what says where it is, for a device above that does not read it, and the names that plots show."""
        return ([self], [self.name]) if isinstance(self, SignalR) else ([], [])

    def _end(self) -> None:
        """End every stage and subscription, when the beamline is closed; on the device loop."""
        while self._stages:
            unstage(self._stages)
        while self._subscriptions:
            self._subscriptions.pop().let_go()

    def __repr__(self) -> str:
        """Return path and source."""
        return f"<{type(self).__name__} {self.path} {self.source}>"


#: Verbs that only a signal with `access: w` or `rw` has.
_VERBS_OF_WRITING = ("set", "put", "check_value")


class _ReadOnlyVerbError(AttributeError):
    """A verb that a signal has not; the text is made when it is read, as `hasattr` asks often and reads none."""

    def __init__(self, signal: "SignalR[Any]") -> None:
        self.signal = signal
        super().__init__(signal)

    def __str__(self) -> str:
        """Return what can be set instead."""
        return read_only_text(self.signal)


class SignalR(SignalNode, Generic[Value_co]):
    """A signal that can be read, staged and subscribed to; type checkers know its values."""

    __slots__ = ()

    @property
    def dropped(self) -> int:
        """Return how many updates were superseded by newer ones before a subscriber saw them.

        A signal of a condition has lost them, and the log says so; of any other only the newest of a burst is wanted.
        Those that the server, or its client library, has made into one are not in it: nobody says how many.
        """
        channels = (channel for leaf in self._leaves() for channel in leaf.channels[:1])
        skipped = sum(subscription.skipped for subscription in self._subscriptions or ())
        return skipped + sum(channel.dropped for channel in channels)

    async def read(self, cached: bool | None = None) -> "dict[str, ReadingDocument[Value_co]]":
        """Return `{name: reading}`.

        :param cached: True: the held value, or an error if there is none; False: a fresh one; None: the held value if
            it can be trusted, else a fresh one.
        :raises ReadError: if there is no value that can be trusted.
        """
        reading: Any = await read_one(self, cached)
        return {self.name: reading.document()}

    async def get_value(self, cached: bool | None = None) -> Value_co:
        """Return the value; parameters and errors as `read`."""
        return (await read_one(self, cached)).value

    async def describe(self) -> "dict[str, DataKey]":
        """Return `{name: data key}` from what the server said in this connection.

        :raises ReadError: if the signal is not connected or refused.
        """
        with self._context.binding.operation():
            await self._context.ensure(self.path)
            await settle((self,))
            (description,) = (await describe_signals([self])).values()
            return {self.name: data_key(self.source, self._shape, description)}

    def stage(self) -> AsyncStatus[None]:
        """Hold a monitor until `unstage`; done when the first value is here."""
        return AsyncStatus(self._stage, self._context.binding, self.name)

    def unstage(self) -> AsyncStatus[None]:
        """Let the monitor go."""
        return AsyncStatus(self._unstage, self._context.binding, self.name)

    async def _stage(self) -> None:
        if self._stages is None:
            self._stages = []
        await stage(self._stages, [self])

    async def _unstage(self) -> None:
        self._context.binding.enter()
        unstage(self._stages)

    def subscribe(self, callback: Callable[..., Any]) -> int:
        """Call `callback` with the value now and at each change, until `clear_sub`.

        A callback with a parameter `value` gets the keywords `value, old_value, timestamp` on a worker thread; any
        other gets `{name: reading}` on the device loop.

        :returns: a number for `clear_sub`.
        """
        binding = self._context.binding
        subscription = Subscription(self, callback)
        try:
            if binding.on_its_loop and all(leaf._context.opened for leaf in self._leaves()):
                subscription.open_now()
            else:
                AsyncStatus(subscription.open, binding, f"subscription to {self.name}")
        except BaseException:
            subscription.silence()
            raise
        if self._subscriptions is None:
            self._subscriptions = []
        self._subscriptions.append(subscription)
        return subscription.number

    def subscribe_reading(self, callback: Callable[[dict[str, Any]], Any]) -> int:
        """Do as `subscribe` for a callback in bluesky's form."""
        return self.subscribe(callback)

    def clear_sub(self, callback: Callable[..., Any] | int) -> None:
        """End a subscription, named by its callback (the newest with it) or its number.

        :raises OphydDeclError: if there is no such subscription, unless the beamline was closed, which ends all.
        """
        subscriptions = self._subscriptions or []
        for subscription in reversed(subscriptions):
            if callback in (subscription.number, subscription.callback):
                break
        else:
            if not self._context.opened:
                return  # closing the beamline has ended it
            raise OphydDeclError(f"{self.path}: {callback!r} is not subscribed")
        subscriptions.remove(subscription)
        subscription.silence()
        self._context.binding.call(subscription.let_go)

    def get(self) -> Value_co:
        """Return a fresh value, from a thread that runs no event loop.

        :raises WouldBlockError: on the device loop; write `await signal.get_value()` or `yield from bps.rd(signal)`.
        :raises ReadError: if there is no value.
        """
        return self._context.binding.run(
            lambda: self.get_value(cached=False),
            f"{self.path}.get()",
            "`await signal.get_value()`, or in a plan `yield from bps.rd(signal)`",
        )


class OnlyRead:
    """What a signal with `access: r` has beside `SignalR`: it says what can be set instead.

    No part of `SignalR`: Python looks up every attribute of a class with `__getattr__` the slow way, which signals that
    are written too would pay for.
    """

    __slots__ = ()

    if not TYPE_CHECKING:  # for which it would have every attribute

        def __getattr__(self, name: str) -> Any:
            """Say of a verb that it has not, since it is only read, what can be set instead.

            :raises AttributeError: always, as it is called for what is not there.
            """
            if name in _VERBS_OF_WRITING:
                raise _ReadOnlyVerbError(self)
            return object.__getattribute__(self, name)


def read_only_text(signal: SignalR[Any]) -> str:
    """Return that a signal is only read, and what can be set instead, where that is known."""
    said, parent = f"{signal.path} is declared `access: r`", signal.parent
    if getattr(parent, "readback_signal", None) is signal:
        return f"{said}; set `{parent.path}` instead"
    setpoint = str(signal._key).replace("readback", "setpoint")
    beside = None if parent is None else next((node for key, node in parent.children() if key == setpoint), None)
    return f"{said}; set `{beside.path}` instead" if isinstance(beside, SignalW) else said


class SignalW(SignalNode, Generic[Value_contra]):
    """A signal that can be written."""

    __slots__ = ()

    def set(self, value: Value_contra, timeout: float | None = None) -> AsyncStatus[Reading | None]:
        """Write a value; done when the server has completed it.

        The result of the status is a reading that was asked for after that, where there was one to be taken anyway.

        :param timeout: in s; None: the write time-out of the signal.
        :raises: the status holds a `WriteError` if it was refused, lost, timed out or not sent.
        """
        note_set(self)
        return AsyncStatus(lambda: self._write(value, timeout), self._context.binding, self.name)

    def check_value(self, value: Value_contra) -> None:
        """Raise if a set to this value would be refused before it is sent.

        :raises LimitError: outside the limits.
        :raises ReadOnlyError: in read-only mode.
        :raises PutRefusedError: if the server allows no write.
        :raises MismatchError: if file and server differ in a way that makes a write unsafe.
        :raises BadValueError: if it does not fit the dtype, which the server has to be known for.
        """
        self._check_write(value)
        self._check_dtype(value)

    def put(self, value: Value_contra, timeout: float | None = None) -> None:
        """Write a value and wait, from a thread that runs no event loop.

        :raises WouldBlockError: on the device loop; write `await signal.set(value)`, in a plan `bps.mv(signal, value)`.
        :raises WriteError: if it was refused, lost, timed out or not sent.
        """
        self._context.binding.run(
            lambda: self._write(value, timeout),
            f"{self.path}.put()",
            "`await signal.set(value)`, or in a plan `yield from bps.mv(signal, value)`",
        )


class SignalRW(SignalR[Value], SignalW[Target_contra], Generic[Value, Target_contra]):
    """A signal that can be read and written; type checkers know both types where they differ."""

    __slots__ = ()

    async def locate(self) -> "Location[Value]":
        """Return `{"setpoint", "readback"}`, both fresh.

        :raises ReadError: if one cannot be read.
        """
        setpoint, readback = await asyncio.gather(self._get_setpoint(), self.get_value())
        return {"setpoint": setpoint, "readback": readback}

    async def _get_setpoint(self) -> Any:
        return await self.get_value(cached=False)
