"""Signals and commands whose PVs a PVI structure gives."""

from typing import Any

from ..blueprint import CommandShape, SignalShape
from ..connectors.protocol import Check, Connector, Description
from ..errors import MismatchError, NotConnectedError, SignalError
from ..vocab.addresses import split_pvi
from ..vocab.listing import EXECUTE, Entry
from .command import Command
from .context import Context
from .contract import Difference
from .node import Node
from .parts import Part
from .signal import WireSignal, WireSignalR, WireSignalRW, WireSignalW

#: Code of a signal whose access is not the one that the structure gives.
ACCESS = "E631"


class ListedSignal(WireSignal):
    """A signal that is where the structure says; before connect its address is `pvi://PV#path`."""

    __slots__ = ("_part", "_refused_access")

    _part: Part | None
    _refused_access: Difference | None

    def __init__(
        self, context: Context, parent: Node | None, key: str | int, name: str | None, shape: SignalShape,
        read: str | None, write: str | None,
    ) -> None:  # fmt: skip
        super().__init__(context, parent, key, name, shape, read, write)
        self._part = None
        self._refused_access = None

    def open(self) -> Connector:
        """Return the connector, with the channels of this signal made.

        :raises SignalError: if it is not known where it is.
        """
        _require(self)
        return super().open()

    def settle(self, entry: Entry) -> None:
        """Take the PVs of an entry; channels to others are closed."""
        read = entry.readable if "r" in self._shape.access else None
        write = (entry.writable or None) if "w" in self._shape.access else None
        self._refused_access = None
        if "w" in self._shape.access and write is None:
            self._refused_access = Difference(
                "error", ACCESS, "the PVI structure has no way to write it", f"access: {self._shape.access}",
                entry.access, "declare `access: r`", blocks_set=True,
            )  # fmt: skip
        if (read, write) != (self._read, self._write_address):
            self.release()
            self._read, self._write_address = read, write

    @property
    def is_held(self) -> bool:
        """Return whether somebody holds its monitor, so that it must stay where it is."""
        return self._held is not None and not self._held.ended

    @property
    def is_unremarkable(self) -> bool:
        """Return False: what the structure says counts too."""
        return False

    def differences(self) -> list[Difference]:
        """Return what differs between file and server in this connection, beyond what refuses the signal."""
        found = super().differences()
        return [self._refused_access, *found] if self._refused_access is not None else found

    def _forbidden(self) -> Difference | None:
        return self._refused_access or super()._forbidden()

    def _check(self) -> Check:
        return _confirmed(self, super()._check())


class ListedSignalR(ListedSignal, WireSignalR):
    """A read-only signal."""

    __slots__ = ()


class ListedSignalW(ListedSignal, WireSignalW):
    """A write-only signal."""

    __slots__ = ()


class ListedSignalRW(ListedSignal, WireSignalRW):
    """A signal that is read and written."""

    __slots__ = ()


class ListedCommand(Command):
    """A command that is where the structure says."""

    __slots__ = ("_part",)

    _part: Part | None
    #: nobody monitors a command.
    is_held = False

    def __init__(self, context: Context, parent: Node, key: str | int, shape: CommandShape, address: str) -> None:
        super().__init__(context, parent, key, shape, address)
        self._part = None

    def open(self) -> Connector:
        """Return the connector, with the channel made.

        :raises SignalError: if it is not known where it is.
        """
        _require(self)
        return super().open()

    def settle(self, entry: Entry) -> None:
        """Take the PV of an entry; a channel to another one is closed."""
        address = entry.at(EXECUTE)
        if address != self._address:
            self.release()
            self._address = address

    def _check(self) -> Check:
        return _confirmed(self, super()._check())


Listed = ListedSignal | ListedCommand
LISTED_CLASSES: dict[str, type[ListedSignal]] = {"r": ListedSignalR, "w": ListedSignalW, "rw": ListedSignalRW}


def is_listed(address: str | None) -> bool:
    """Return whether an address is part of a structure."""
    return address is not None and split_pvi(address) is not None


def misfit(node: Any, entry: Entry) -> MismatchError | None:
    """Return why an entry cannot be what a signal or command is declared as, or None."""
    if isinstance(node, ListedCommand):
        if entry.at(EXECUTE):
            return None
        return _misfit("E632", "a command (x)", entry)
    access = node._shape.access
    expected = f"a signal (access: {access})"
    if not entry.access:
        return _misfit("E632", expected, entry)
    if ("r" in access and not entry.readable) or (access == "w" and not entry.writable):
        return _misfit(ACCESS, expected, entry)
    return None


def _misfit(code: str, expected: str, entry: Entry) -> MismatchError:
    problem, help = "it is something else in the PVI structure", "declare it as what the structure says"
    if code == ACCESS:
        problem, help = "the PVI structure gives another access", "mend `access:`"
    error = MismatchError(problem, expected=expected, found=str(entry), help=help)
    error.code = code
    return error


def _require(node: Listed) -> None:
    """Raise if it is not known where a node is, or if that does not hold any more.

    :raises SignalError: why.
    """
    part = node._part
    if node._context.mock or (part is not None and part.entry is not None and part.trouble() is None):
        return
    error = None if part is None else part.verdict()
    if error is None:
        error = NotConnectedError("its PVI structure was not compared yet", help="connect again")
    error.source = error.source or node.source
    raise error.about(node.path, node._place)


def _confirmed(node: Listed, check: Check) -> Check:
    """Return a check that also asks whether the structure still has the node where it is."""

    def confirmed(description: Description) -> SignalError | None:
        return check(description) or (None if node._part is None else node._part.verdict())

    return confirmed
