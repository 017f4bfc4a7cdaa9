"""What the nodes of one device tree share, and the state of its connection."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..blueprint import ConnectorChoice
from ..connectors.protocol import Channel, Check, Connector, Description
from ..errors import (
    NoConnectorError,
    NotConnectedError,
    OphydDeclError,
    PutRefusedError,
    ReadOnlyError,
    SignalError,
)
from ..vocab.keywords import PROTOCOLS, ConnectPolicy
from ..vocab.readings import Reading
from .binding import Binding
from .contract import Difference
from .puts import Puts

log = logging.getLogger("ophyd_decl.devices")

_READ_ONLY = "the beamline is in read-only mode; nothing was sent"
_READ_ONLY_HELP = "to write, take away `read_only: true`, `--read-only` or OPHYD_DECL_READ_ONLY"


class Server:
    """What is remembered of one server."""

    __slots__ = ("heard_at", "puts")

    def __init__(self, puts: Puts) -> None:
        #: when it gave a value last, on the clock of `time.monotonic`.
        self.heard_at = -math.inf
        self.puts = puts


class StructureReader(Protocol):
    """Reads the PVI structures of devices before they connect."""

    async def read(
        self, devices: Sequence[Any], deadline: float, found: Callable[[list[Any]], None], *, anew: bool
    ) -> None:
        """Compare what is declared, and tell which members are found; `anew`: they may be elsewhere than before."""
        ...


@dataclass(slots=True)
class Shared:
    """What all devices of a beamline share.

    :param separator: between the parts of a name in documents.
    :param read_only: no put leaves the process.
    :param liveness_s: a held value is served only while its server was heard from within this time.
    :param locate: gives the node at a path from the root of the beamline.
    :param restore: callable and arguments that pickle stores instead of a device.
    :param libraries: files of installed libraries, whose lines their users cannot mend.
    :param structures: reads PVI structures; None where there can be none.
    """

    binding: Binding
    separator: str = "-"
    read_only: bool = False
    liveness_s: float = 5.0
    locate: Callable[[tuple[str | int, ...]], Any] | None = None
    restore: tuple[Callable[..., Any], tuple[Any, ...]] | None = None
    libraries: Collection[str] = ()
    structures: StructureReader | None = None
    #: patterns of Python classes that may be loaded.
    python_allow: Sequence[str] = ()
    #: whether connect makes the devices of Python classes; a manifest does without.
    makes_python: bool = True
    #: the devices by name, in file order.
    devices: Mapping[str, Any] = field(default_factory=dict[str, Any])
    #: one for each host; for each address where the protocol tells no host.
    servers: dict[str, Server] = field(default_factory=dict[str, Server])
    #: of all servers of a protocol that tells no host, by scheme: a put to any of them may be one to all.
    puts: dict[str, Puts] = field(default_factory=dict[str, Puts])
    #: what is wrong with signals whose value is not the one that the file expects.
    settings: dict[Any, Difference] = field(default_factory=dict[Any, Difference])
    #: what is wrong with signals whose updates do not come as the file wants them.
    updates: dict[Any, Difference] = field(default_factory=dict[Any, Difference])
    #: what records puts and executions in mock mode, by node and verb; see `mock_calls`.
    mocks: dict[tuple[Any, str], Any] = field(default_factory=dict[tuple[Any, str], Any])
    #: puts that servers have refused since, with the generation of their channel; a later put that is done ends it.
    refused: dict[Any, tuple[int, PutRefusedError]] = field(default_factory=dict[Any, tuple[int, PutRefusedError]])

    def server_of(self, channel: Channel) -> Server:
        """Return the server of a channel.

        Where the protocol tells no host it is one of its own, heard for itself alone; but a put to any other may have
        been one to the same, see `puts`.
        """
        description, name = channel.description, channel.source
        scheme = name.partition("://")[0]
        host = "" if description is None else description.host
        if host:
            name = f"{scheme}://{host}"
        server = self.servers.get(name)
        if server is None:
            puts = Puts(scheme, host) if host else self.puts.setdefault(scheme, Puts(scheme))
            server = self.servers[name] = Server(puts)
        return server


class Connection:
    """Whether one device of the beamline was connected, and how it wants to be.

    :param policy: what the file says.
    :param fill: whether what the server itself declares is added.
    """

    __slots__ = (
        "_connecting",
        "_next_answer",
        "answered_at",
        "check",
        "compare",
        "connect",
        "elapsed_s",
        "fill",
        "mock",
        "opened",
        "policy",
    )

    def __init__(self, policy: ConnectPolicy, *, fill: bool = False) -> None:
        self.policy: ConnectPolicy = policy
        self.fill = fill
        self.mock = policy == "mock"
        #: whether connect was called and has ended, whatever came of it.
        self.opened = False
        #: how long the last connect took until the device had all its answers, in s.
        self.elapsed_s = 0.0
        #: when the last of its signals answered, on the clock of `time.monotonic`.
        self.answered_at = 0.0
        #: connects all signals of the device; set by the session.
        self.connect: Callable[[], Awaitable[Any]] | None = None
        #: compares a signal with the value that the file expects; set by the session.
        self.compare: Callable[[Any], None] | None = None
        #: `note_answer`, once for the thousands that keep it.
        self.check: Check = self.note_answer
        self._connecting: asyncio.Future[Any] | None = None
        #: done at the next answer; there only while somebody waits for one of them.
        self._next_answer: asyncio.Future[None] | None = None

    def note_answer(self, _: Description) -> None:
        """Note when a signal got its description: the check that every channel of the device asks."""
        self.answered_at = time.monotonic()
        waited_for, self._next_answer = self._next_answer, None
        if waited_for is not None and not waited_for.done():
            waited_for.set_result(None)

    @property
    def connecting(self) -> bool:
        """Return whether its first connect is under way on the running loop."""
        connecting = self._connecting
        return connecting is not None and not connecting.done() and connecting.get_loop() is asyncio.get_running_loop()

    def begin(self, connecting: "asyncio.Future[Any]") -> None:
        """Have those who use the device now wait for a connect of many devices."""
        self._connecting = connecting

    async def ensure(self, path: str, answered: Callable[[], bool] | None = None) -> None:
        """Wait for a connect that is under way; connect a lazy device at its first use, once, however many use it.

        :param answered: whether what is wanted can be used, though others are still searched; None: all is wanted.
        :raises NotConnectedError: if the device is not lazy and connect was not called.
        """
        while not self.opened:
            connecting = self._under_way(path)
            if answered is None or self.policy == "lazy":  # its use is what connects it, with all that goes with that
                await asyncio.shield(connecting)
                return
            if answered():
                return
            if self._next_answer is None or self._next_answer.get_loop() is not asyncio.get_running_loop():
                self._next_answer = asyncio.get_running_loop().create_future()
            await asyncio.wait([connecting, self._next_answer], return_when=asyncio.FIRST_COMPLETED)
            if connecting.done():
                connecting.result()
                return

    def _under_way(self, path: str) -> "asyncio.Future[Any]":
        connecting = self._connecting
        if connecting is None or not self.connecting:
            if self.policy != "lazy" or self.connect is None:
                raise NotConnectedError(
                    "connect was not called",
                    signal=path,
                    help="call `beamline.connect()`, or in a plan "
                    "`yield from ophyd_decl.plans.ensure_connected(device)`",
                )
            connecting = self._connecting = asyncio.ensure_future(self.connect())
        return connecting


class Context:
    """What the nodes below one device share.

    :param protocol: of addresses that name none.
    :param connector: what reaches them, where the file names it; None: that of the protocol.
    """

    __slots__ = ("connection", "connector", "protocol", "shared")

    def __init__(
        self, shared: Shared, connection: Connection, protocol: str, connector: ConnectorChoice | None = None
    ) -> None:
        self.shared = shared
        self.connection = connection
        self.protocol = protocol
        self.connector = connector

    def nearer(self, protocol: str | None, connector: ConnectorChoice | None) -> "Context":
        """Return the context of a sub-device that names a protocol or a connector of its own; None keeps that of this.

        A protocol of its own also ends the connector of its parents, which may not speak it.
        """
        if protocol is None or protocol == self.protocol:
            return self if connector is None else Context(self.shared, self.connection, self.protocol, connector)
        return Context(self.shared, self.connection, protocol, connector)

    @property
    def binding(self) -> Binding:
        """Return which loop the device lives on."""
        return self.shared.binding

    def protocol_of(self, protocol: str | None, connector: ConnectorChoice | None) -> str:
        """Return the protocol of an address without a scheme.

        :param protocol: what the address names; None: nothing.
        :param connector: what the signal names; None: nothing.
        """
        if protocol:
            return protocol
        chosen = connector or self.connector
        named = chosen.name if chosen is not None and chosen.name in PROTOCOLS else None
        return named or self.protocol

    def reach(self, protocol: str, connector: ConnectorChoice | None) -> Connector:
        """Return what reaches an address.

        :param protocol: its protocol.
        :param connector: what the signal names; None: nothing.
        :raises NoConnectorError: if there is no such connector here.
        """
        binding = self.shared.binding
        if self.connection.mock:
            return binding.connector(f"mock+{protocol}")
        chosen = connector or self.connector
        if protocol == "soft" or (chosen is not None and chosen.name in PROTOCOLS):
            chosen = None  # a scheme in the address beats what a device says about all of its addresses
        try:
            return binding.connector(protocol, chosen)
        except OphydDeclError as error:
            raise NoConnectorError(str(error)) from error

    @property
    def liveness_s(self) -> float:
        """Return how long a held value is trusted after its server was last heard, in s."""
        return self.shared.liveness_s

    @property
    def mock(self) -> bool:
        """Return whether the device works without a control system."""
        return self.connection.mock

    @property
    def opened(self) -> bool:
        """Return whether connect was called."""
        return self.connection.opened

    async def ensure(self, path: str, answered: Callable[[], bool] | None = None) -> None:
        """Connect a lazy device at its first use; parameters as `Connection.ensure`.

        :raises NotConnectedError: if the device is not lazy and connect was not called.
        """
        if not self.connection.opened:
            await self.connection.ensure(path, answered)

    def note_put(self, node: Any, channel: Channel, outcome: SignalError | None) -> None:
        """Remember that a put was refused until one is done: some protocols tell rights in no other way."""
        if isinstance(outcome, PutRefusedError):
            if channel.description is None or channel.description.writable:  # else the server tells that it is not
                self.shared.refused[node] = channel.generation, outcome
        elif outcome is None:
            self.shared.refused.pop(node, None)

    def refusal_of(self, node: Any, channel: Channel) -> PutRefusedError | None:
        """Return why the last put to a node was refused, in this connection; None if it was done."""
        generation, error = self.shared.refused.get(node, (0, None))
        return error if generation == channel.generation else None

    def refuse_in_read_only_mode(self, node: Any) -> None:
        """Raise where nothing may be written; asked before anything else, so that nothing has begun.

        :raises ReadOnlyError: in read-only mode.
        """
        if self.shared.read_only:
            source = getattr(node, "write_source", node.source)
            error = ReadOnlyError(_READ_ONLY, source=source, help=_READ_ONLY_HELP)
            raise error.about(node.path, node._place)

    def writing(self, node: Any, channel: Channel, value: Any) -> "Writing":
        """Note when a put has ended; where it is cancelled, say that it may have been sent.

        Every put of a device goes through here.

        :raises ReadOnlyError: in read-only mode, if nobody has asked before.
        """
        if self.shared.read_only:
            raise ReadOnlyError(_READ_ONLY, source=channel.source, signal=node.path, help=_READ_ONLY_HELP)
        return Writing(self.shared, node, channel, value)


class Writing:
    """The time of a put.

    :ivar seen: the value as it was after the completion, and when it was asked for; None where nobody has looked.
    """

    __slots__ = ("_channel", "_node", "_shared", "_value", "seen")

    def __init__(self, shared: Shared, node: Any, channel: Channel, value: Any) -> None:
        self._shared = shared
        self._node = node
        self._channel = channel
        self._value = value
        self.seen: tuple[Reading, float] | None = None

    def see(self, reading: Reading, asked_at: float) -> None:
        """Take the value behind the completion, which came before `asked_at`, on the clock of `time.monotonic`."""
        self.seen = reading, asked_at

    def __enter__(self) -> "Writing":
        return self

    @contextmanager
    def reading_back(self) -> Generator[None]:
        """Compare the value that was written; where that is cancelled, say that it was."""
        try:
            yield
        except asyncio.CancelledError:
            raise self._cancelled(f"{self._value!r} was written, and cancelled while it was read back") from None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        puts = self._shared.server_of(self._channel).puts
        ended_at = time.monotonic() if self.seen is None else math.nextafter(self.seen[1], 0.0)
        puts.note(ended_at)
        if kind is not None and issubclass(kind, asyncio.CancelledError):
            said = f"cancelled while {self._value!r} was being written; it may have been sent, and take effect"
            raise self._cancelled(said) from None

    def _cancelled(self, said: str) -> asyncio.CancelledError:
        """Return what tells who has cancelled that the put cannot be taken back, after it was logged."""
        text = f"{self._node.path}: {said}"
        log.warning("%s", text)
        return asyncio.CancelledError(text)
