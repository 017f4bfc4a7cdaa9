"""What a benchmark asks of a peer: a client library, or a layer of devices, on one protocol."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any


class Peer(ABC):
    """One peer on one protocol.

    :param protocol: `ca`, `pva` or `tango`.
    :param names: PVs or attributes without scheme, all floats that can be written.
    """

    def __init__(self, protocol: str, names: list[str]) -> None:
        self.protocol = protocol
        self.names = names

    @abstractmethod
    async def connect(self, timeout_s: float) -> int:
        """Go from no channel to all described; return how many are."""

    @abstractmethod
    async def read_all(self) -> list[float]:
        """Return fresh values of all, in the way that the peer offers for it."""

    @abstractmethod
    async def read_one(self) -> float:
        """Return a fresh value of the first."""

    @abstractmethod
    async def put_one(self, value: float) -> None:
        """Write to the first, and wait for completion."""

    @abstractmethod
    async def put_all(self, value: float) -> None:
        """Write to all at the same time, and wait for the completion of each."""

    @abstractmethod
    def monitor(self, callback: Callable[[str, float], None]) -> None:
        """Call back with a name and the value, at each update that the peer delivers."""

    def is_monitored(self) -> bool:
        """Return whether updates come by themselves, after `monitor`; where a first value says so, always."""
        return True

    @abstractmethod
    async def read_others(self, timeout_s: float) -> list[float]:
        """Return values of all but the last, which no server has, as soon as the peer can have them."""


class DevicePeer(Peer):
    """A layer of devices for bluesky."""

    @abstractmethod
    def scanned(self, run_engine: Any, kind: str, *, fresh: bool) -> tuple[Any, list[Any]]:
        """Return a connected detector with ten PVs, and two axes on the first two PVs.

        :param kind: of the axes: `signals` or `motors`.
        :param fresh: whether nothing may be told from memory that a move may have changed.
        """
