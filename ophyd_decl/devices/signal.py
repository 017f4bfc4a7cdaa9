"""Signals that live in a control system, or in this process: one address to read, one to write."""

import copy
import time
from collections.abc import Callable
from typing import Any

from ..blueprint import Address, SignalShape, Soft
from ..connectors.batches import READ_HELP
from ..connectors.protocol import PLAIN, Channel, Check, Connector, Description, ReadRequest, Update, Use
from ..connectors.soft import SoftConnector
from ..errors import (
    AbsentError,
    DisconnectedError,
    MismatchError,
    NoConnectorError,
    OphydDeclError,
    PutRefusedError,
    ReadError,
    ReadOnlyError,
    ReadTimeoutError,
    SignalError,
)
from ..vocab.addresses import source_of, split_scheme
from ..vocab.readings import Reading
from .context import Context
from .contract import Difference, differences, refused
from .held import Held, Hold
from .mock_calls import PutRecorder
from .node import Node
from .verbs import OnlyRead, SignalNode, SignalR, SignalRW, SignalW, Snapshot
from .writing import of_another_dtype, outside_limits, write


class WireSignal(SignalNode):
    """A signal behind a connector; `SignalR` and its like add the verbs.

    :param read: rendered address to read from, None for a write-only signal.
    :param write: rendered address to write to, None for a read-only one.
    """

    __slots__ = (
        "_connector",
        "_held",
        "_left_out",
        "_protocol",
        "_read",
        "_read_channel",
        "_write_address",
        "_write_channel",
    )

    def __init__(
        self,
        context: Context,
        parent: Node | None,
        key: str | int,
        name: str | None,
        shape: SignalShape,
        read: str | None,
        write: str | None,
    ) -> None:
        super().__init__(context, parent, key, name, shape)
        self._left_out = False
        self._read = read
        self._write_address = write
        origin = shape.origin
        self._protocol: str | None = origin.protocol if isinstance(origin, Address) else "soft"
        self._connector: Connector | None = None
        self._read_channel: Channel | None = None
        self._write_channel: Channel | None = None
        self._held: Held | None = None

    @property
    def protocol(self) -> str:
        """Return the protocol of its address, `soft` for a value in this process."""
        if self._protocol == "soft":
            return "soft"
        address = self._read if self._read is not None else self._write_address
        return split_scheme(address or "", self._default_protocol)[0]

    @property
    def _default_protocol(self) -> str:
        """Return the protocol of its address, where that has no scheme."""
        return self._context.protocol_of(self._protocol, self._shape.connector)

    @property
    def source(self) -> str:
        """Return the address with its scheme; `mock+` goes before it in mock mode."""
        if self._protocol == "soft":
            text = f"soft://{self.name}"
        else:
            address = self._read if self._read is not None else self._write_address or ""
            protocol, bare = split_scheme(address, self._default_protocol)
            text = source_of(protocol, bare)
        return f"mock+{text}" if self._context.mock else text

    @property
    def write_source(self) -> str:
        """Return the address that is written, with its scheme."""
        if self._protocol == "soft" or self._write_address is None:
            return self.source
        text = source_of(*split_scheme(self._write_address, self._default_protocol))
        return f"mock+{text}" if self._context.mock else text

    @property
    def channels(self) -> list[Channel]:
        """Return the open channels: read first, then write where it is another one."""
        read, write = self._read_channel, self._write_channel
        if read is None:
            return [] if write is None else [write]
        return [read] if write is None or write is read else [read, write]

    @property
    def read_channel(self) -> Channel:
        """Return the channel that is read.

        :raises ReadError: if the signal is write-only.
        """
        if self._read_channel is None:
            raise ReadError("cannot be read, it is declared `access: w`", signal=self.path, source=self.source)
        return self._read_channel

    @property
    def host(self) -> str:
        """Return the server that answers, empty before it did."""
        description = self._read_channel.description if self._read_channel is not None else None
        return description.host if description is not None else ""

    def open(self) -> Connector:
        """Return the connector, with the channels of this signal made; does no I/O.

        :raises NoConnectorError: if nothing here can reach it.
        """
        connector = self._connector
        if connector is not None:
            return connector
        context, shape, read, write = self._context, self._shape, self._read, self._write_address
        mock = context.connection.mock
        if self._protocol == "soft":
            protocol, bare = "soft", self.name
        else:
            protocol = self._protocol or self._default_protocol
            protocol, bare = split_scheme(read if read is not None else write or "", protocol)
        try:
            connector = context.reach(protocol, shape.connector)
        except NoConnectorError as error:
            raise self._error(error) from error.__cause__
        datatype, check = shape.datatype, self._check()
        use = PLAIN if shape.events == "auto" and shape.poll_s is None else Use(shape.events, shape.poll_s)
        one = self._protocol == "soft" or read == write
        if one or (mock and read is not None):  # without a server a readback follows at once
            self._read_channel = self._write_channel = connector.channel(bare, datatype, check, use)
        else:
            if read is not None:
                self._read_channel = connector.channel(bare, datatype, check, use)
            if write is not None:
                self._write_channel = connector.channel(self._bare(write), datatype, check, use)
        self._connector = connector
        if mock or isinstance(shape.origin, Soft):
            self._play_server(connector)
        return connector

    def _check(self) -> Check:
        """Return what each channel asks in every connection."""
        plain = self._shape.expect is None and not self.names_events
        return self._context.connection.check if plain else self._compare_later

    @property
    def names_events(self) -> bool:
        """Return whether the file names the events by which its updates have to come."""
        return self._shape.events not in ("auto", "none")

    def _compare_later(self, description: Description | None = None) -> None:
        """Note an answer, and compare what the file expects besides, where no connect is about to do that."""
        connection = self._context.connection
        if description is not None:
            connection.note_answer(description)
        if connection.opened and connection.compare is not None:
            connection.compare(self)

    def _play_server(self, connector: Connector) -> None:
        """Give a value of this process what the file says, as its server would; in mock mode its puts are recorded."""
        if not isinstance(connector, SoftConnector):
            return
        shape = self._shape
        if isinstance(shape.origin, Soft) and shape.origin.initial is not None:
            connector.set_value(self.channels[0], shape.origin.initial)
        if self._write_channel is not None and (self._context.mock or (self, "put") in self._context.shared.mocks):
            connector.on_put(self._write_channel, PutRecorder(self))

    def release(self) -> None:
        """Close the channels, and whatever monitor is left; who observes it is told."""
        held, self._held = self._held, None
        if held is not None:
            held.end(DisconnectedError("it was closed", source=self.source))
        connector, self._connector = self._connector, None
        if connector is not None:
            for channel in self.channels:
                connector.release(channel)
        self._read_channel = self._write_channel = None

    def hold(self, listener: Callable[[Update], None] | None, *, every: bool = False) -> Hold:
        """Return one more user of the monitor, which the first one starts; on the device loop.

        :param every: whether the listener is called with every update, and not only with the newest of a burst.
        """
        binding = self._context.binding
        connector, channel, path = self.open(), self.read_channel, self.path
        use = binding.hold(path)
        held = self._held
        if held is None or held.ended or held.loop is not use.loop:
            if held is not None:
                held.close()
            try:
                held = Held(self._context, use, connector, channel, path, self._shape.all_updates)
            except BaseException:
                use.let_go(path)
                raise
            self._held = held
        return held.add(listener, every=every)

    def held_reading(self) -> Reading | None:
        """Return the held reading if it can be trusted, else None."""
        held = self._held
        return held.trusted() if held is not None and held.loop is self._context.binding.loop else None

    def holds(self, channel: Channel) -> bool:
        """Return whether the values of this channel are held."""
        held = self._held
        return held is not None and not held.ended and held.channel is channel

    def confirm(self, reading: Reading, asked_at: float) -> None:
        """Take a fresh reading in the place of a held one; `asked_at` on the clock of `time.monotonic`."""
        if self._held is not None:
            self._held.confirm(reading, asked_at)

    @property
    def newest(self) -> Update | None:
        """Return what its monitor delivered last."""
        return None if self._held is None else self._held.update

    def age_of_last(self, now: float) -> float | None:
        """Return the age in s of the newest value that was held, None if there was none."""
        held = self._held
        return None if held is None or held.last_reading is None else now - held.last_reading.timestamp

    async def ensure(self) -> None:
        """Wait until it can be used while its device connects: for its own answer, not for those of the others.

        :raises NotConnectedError: if the device is not lazy and connect was not called.
        """
        if not self._context.opened:  # so that its path is not put together for nothing
            await self._context.ensure(self.path, self._answered)

    def _answered(self) -> bool:
        channels = self.channels
        return bool(channels) and all(channel.state != "new" for channel in channels)

    @property
    def absent(self) -> bool:
        """Return whether it was searched for, and nothing has answered yet."""
        return self._context.opened and any(channel.state == "new" for channel in self.channels)

    @property
    def left_out(self) -> bool:
        """Return whether it is optional and was absent at the last connect, so that documents do without it.

        One that answers later can be read by itself, and joins the documents at the next connect: keys that came in the
        middle of a run would not fit its descriptor.
        """
        return self._left_out

    def settle_presence(self) -> None:
        """Decide whether documents do without it; called when a connect has ended."""
        self._left_out = False
        if self._shape.optional:
            channels = self.channels
            self._left_out = not channels or any(channel.state == "new" for channel in channels)

    def no_answer(self, timeout_s: float) -> SignalError:
        """Return the error of a signal that gave no value in time."""
        if self.absent:
            return AbsentError("nothing answers to this name", source=self.source)
        if self.read_channel.state == "closed":
            return DisconnectedError("the connection is closed", source=self.source)
        return ReadTimeoutError(f"no value within {timeout_s:g} s", source=self.source, help=READ_HELP)

    def not_held(self) -> SignalError:
        """Return the error of a cached read without a held value that can be trusted."""
        return ReadError("no held value that can be trusted; stage it first", source=self.source).about(
            self.path, self._place
        )

    @property
    def is_unremarkable(self) -> bool:
        """Return whether its one channel can be used now, and nothing is to be said: found out quickly, for thousands.

        Where it is False, `differences` and the channels tell what there is to say, if anything is.
        """
        channel, writer = self._read_channel, self._write_channel
        if channel is None or (writer is not None and writer is not channel) or self._left_out:
            return False
        described = channel.usable
        if described is None or channel.updates or self._context.shared.refused:
            return False
        return not differences(self._shape, described, None if writer is None else described)

    def differences(self) -> list[Difference]:
        """Return what differs between file and server in this connection, beyond what refuses the signal."""
        channel, reader = self._write_channel, self._read_channel
        read = _of_now(reader)
        found = differences(self._shape, read, read if channel is reader else _of_now(channel))
        refusal = None
        if channel is not None and self._context.shared.refused:
            refusal = self._context.refusal_of(self, channel)
        if refusal is not None and all(difference.code != "E621" for difference in found):
            found.append(refused(self._shape, refusal))
        return found

    def _forbidden(self) -> Difference | None:
        """Return the difference that makes a write unsafe, or not allowed; also while the connection is closed."""
        pair = (self._read_channel, self._write_channel)
        read, write = (None if channel is None else channel.description for channel in pair)
        return next((one for one in differences(self._shape, read, write) if one.blocks_set), None)

    def _check_write(self, value: Any) -> None:
        """Raise if this value would not be sent.

        :raises ReadOnlyError: in read-only mode.
        :raises MismatchError: if file and server differ in a way that makes a write unsafe.
        :raises PutRefusedError: if the server allows no write.
        :raises LimitError: outside the limits.
        """
        self._context.refuse_in_read_only_mode(self)
        difference = self._forbidden()
        if difference is not None:
            kind = PutRefusedError if difference.code == "E621" else MismatchError
            raise self._error(
                kind(
                    f"{difference.cause}; nothing was sent",
                    expected=difference.expected,
                    found=difference.found,
                    help=difference.help,
                    place=self._place_of(difference.key),
                )
            )
        description = self._write_channel.description if self._write_channel is not None else None
        outside = outside_limits(self._shape, description, value, self.protocol)
        if outside is not None:
            if outside.place is not None:
                outside.place = self._told_at(outside.place)
            raise self._error(outside)

    def _check_dtype(self, value: Any) -> None:
        description = self._write_channel.description if self._write_channel is not None else None
        error = None if description is None else of_another_dtype(self._shape, description, value)
        if error is not None:
            raise self._error(error)

    def _forbids(self, value: Any) -> SignalError | None:
        """Return why this value would not be sent, or None."""
        try:
            self._check_write(value)
        except SignalError as error:
            return error
        return None

    @property
    def mock_connector(self) -> SoftConnector:
        """Return the connector that plays the server, for the helpers of `devices.mock`.

        :raises OphydDeclError: if the signal is neither soft nor in mock mode.
        """
        played = self._protocol == "soft" or self._context.mock  # asked first: a client library may not be installed
        connector = self.open() if played else None
        if not isinstance(connector, SoftConnector):
            raise OphydDeclError(f"{self.path} is not in mock mode; connect with `mock=True`")
        return connector

    def _leaves(self) -> "list[WireSignal]":
        return [self]

    def _compute(self, snapshot: Snapshot) -> Update:
        return snapshot[self]

    async def _describe(self) -> Description:
        self.open()
        channel = self.read_channel
        if channel.failure is not None:
            raise self._error(copy.copy(channel.failure))
        if channel.description is None:
            raise self._error(AbsentError("nothing answers to this name"))
        if channel.state != "connected":
            raise self._error(DisconnectedError(channel.trouble))
        return channel.description

    async def _write(self, value: Any, timeout_s: float | None, *, completed: bool = True) -> Reading | None:
        with self._context.binding.operation():
            await self.ensure()
            connector = self.open()
            self._check_write(value)
            channel = self._write_channel
            if channel is None:
                raise self._error(ReadOnlyError("is declared `access: r`; nothing was sent"))
            seen = await write(self, connector, channel, value, timeout_s, completed=completed)
            if self._shape.expect is not None:
                self._compare_later()
            return seen

    async def redirect(self, value: Any) -> None:
        """Write a value that ends what an earlier put has begun: an IOC keeps one that waits until that is completed.

        :raises SignalError: if it was refused, lost, timed out or not sent.
        """
        await self._write(value, None, completed=False)

    async def setpoint_value(self) -> Any:
        """Return what was written last, where the server tells that, else a fresh value of what is written."""
        connector = self.open()
        channel = self._write_channel
        if channel is None:
            return await SignalR.get_value(self, cached=False)  # type: ignore[arg-type]
        request = ReadRequest(channel, time.monotonic() + self._shape.timeouts.read, setpoint=True)
        (answer,) = await connector.read([request])
        if isinstance(answer, SignalError):
            answer.source = self.write_source
            raise answer.about(self.path, self._place)
        return answer.value

    def _bare(self, address: str | None) -> str:
        return split_scheme(address or "", self._default_protocol)[1]

    def _error(self, error: SignalError) -> SignalError:
        error.source = error.source or self.write_source
        return error.about(self.path, self._place)


def _of_now(channel: Channel | None) -> Description | None:
    """Return what the server says now; None while it says nothing."""
    return channel.description if channel is not None and channel.state == "connected" else None


class WireSignalR(OnlyRead, SignalR, WireSignal):
    """A read-only signal."""

    __slots__ = ()


class WireSignalW(SignalW, WireSignal):
    """A write-only signal."""

    __slots__ = ()


class WireSignalRW(SignalRW, WireSignal):
    """A signal that is read and written."""

    __slots__ = ()

    async def _get_setpoint(self) -> Any:
        with self._context.binding.operation():
            await self._context.ensure(self.path)
            return await self.setpoint_value()


WIRE_CLASSES: dict[str, type[WireSignal]] = {"r": WireSignalR, "w": WireSignalW, "rw": WireSignalRW}
