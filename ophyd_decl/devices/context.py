"""What the nodes of one device tree share, and the state of its connection."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from ..errors import NotConnectedError
from ..vocab.keywords import ConnectPolicy
from .binding import Binding


@dataclass(slots=True)
class Shared:
    """What all devices of a beamline share.

    :param separator: between the parts of a name in documents.
    :param read_only: no put leaves the process.
    :param liveness_s: a held value is served only while its server was heard from within this time.
    :param locate: gives the node at a path from the root of the beamline.
    :param restore: callable and arguments that pickle stores instead of a device.
    """

    binding: Binding
    separator: str = "-"
    read_only: bool = False
    liveness_s: float = 5.0
    locate: Callable[[tuple[str | int, ...]], Any] | None = None
    restore: tuple[Callable[..., Any], tuple[Any, ...]] | None = None
    #: last time that a put to each server was completed, on the clock of `time.monotonic`; one entry for each host.
    written: dict[str, float] = field(default_factory=dict[str, float])
    #: last time that each server was heard, on the clock of `time.monotonic`; one entry for each host.
    heard: dict[str, float] = field(default_factory=dict[str, float])


class Connection:
    """Whether one device of the beamline was connected, and how it wants to be.

    :param policy: what the file says.
    """

    __slots__ = ("_opening", "connect", "elapsed_s", "mock", "opened", "policy")

    def __init__(self, policy: ConnectPolicy) -> None:
        self.policy: ConnectPolicy = policy
        self.mock = policy == "mock"
        #: whether connect was called, whatever came of it.
        self.opened = False
        #: how long the last connect took, in s.
        self.elapsed_s = 0.0
        #: connects all signals of the device; set by the session.
        self.connect: Callable[[], Awaitable[Any]] | None = None
        self._opening: asyncio.Task[Any] | None = None

    async def ensure(self, path: str) -> None:
        """Connect a lazy device at its first use, once, however many use it.

        :raises NotConnectedError: if the device is not lazy and connect was not called.
        """
        if self.opened:
            return
        if self.policy != "lazy" or self.connect is None:
            raise NotConnectedError(
                "connect was not called",
                signal=path,
                help="call `beamline.connect()`, or in a plan `yield from ophyd_decl.plans.ensure_connected(device)`",
            )
        loop = asyncio.get_running_loop()
        if self._opening is None or self._opening.get_loop() is not loop:
            self._opening = loop.create_task(self._open(self.connect))
        await asyncio.shield(self._opening)

    async def _open(self, connect: Callable[[], Awaitable[Any]]) -> None:
        try:
            await connect()
        finally:
            self._opening = None


class Context:
    """What the nodes below one device share.

    :param protocol: of addresses that name none.
    """

    __slots__ = ("connection", "protocol", "shared")

    def __init__(self, shared: Shared, connection: Connection, protocol: str) -> None:
        self.shared = shared
        self.connection = connection
        self.protocol = protocol

    @property
    def binding(self) -> Binding:
        """Return which loop the device lives on."""
        return self.shared.binding

    @property
    def liveness_s(self) -> float:
        """Return how long a held value is trusted after its server was last heard, in s."""
        return self.shared.liveness_s

    @property
    def heard(self) -> dict[str, float]:
        """Return when each server was last heard."""
        return self.shared.heard

    @property
    def mock(self) -> bool:
        """Return whether the device works without a control system."""
        return self.connection.mock

    @property
    def opened(self) -> bool:
        """Return whether connect was called."""
        return self.connection.opened

    async def ensure(self, path: str) -> None:
        """Connect a lazy device at its first use.

        :raises NotConnectedError: if the device is not lazy and connect was not called.
        """
        if not self.connection.opened:
            await self.connection.ensure(path)
