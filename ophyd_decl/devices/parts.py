"""Lists of members as devices see them: where each member is, and whether that still holds.

What a PVI structure or Tango device lists is a contract, as a type is: what a member was found to be at connect must be
so in every connection. When the server comes back, a member is refused until the list was compared, and for good if it
now says something else, until somebody connects again. Nothing is ever looked for elsewhere behind the user's back.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..connectors.protocol import Channel, Connector, Description
from ..errors import DisconnectedError, MismatchError, SignalError
from ..vocab.datatypes import Datatype
from ..vocab.listing import LISTING, Entry
from .node import Node

#: name and key of an entry.
At = tuple[str, int | None]
#: Code of a member of which its structure says something else than when it connected.
CHANGED = "E633"
PVI_STRUCTURE, TANGO_DEVICE = "the PVI structure", "the Tango device"


class Part:
    """One node, and what the list above it says about it.

    :param above: the device or vector that holds it; None for one whose structure the file names.
    :param at: its entry in the structure of `above`.
    :param filled: whether only the server declares it.
    :ivar inner: its own structure, of a device.
    :ivar entry: what it was found to be; None while it was not.
    :ivar compared: whether what is declared in it was ever compared with its own structure.
    :ivar is_array: whether it is a vector that has no structure, but an array of entries in the one above.
    :ivar problem: why nothing of it can be used.
    """

    __slots__ = ("above", "at", "compared", "entry", "filled", "inner", "inside", "is_array", "node", "problem")

    def __init__(self, node: Node, above: "Part | None", at: At, *, filled: bool = False) -> None:
        self.node = node
        self.above = above
        self.at = at
        self.filled = filled
        self.inner: Listing | None = None
        self.inside: list[Part] = []
        self.is_array = False
        self.compared = False
        self.entry: Entry | None = None
        self.problem: SignalError | None = None
        if above is not None:
            above.inside.append(self)

    @property
    def listing(self) -> "Listing | None":
        """Return the structure that has its entry."""
        above = self.above
        if above is not None and above.is_array:
            above = above.above
        return None if above is None else above.inner

    @property
    def holder_failed(self) -> bool:
        """Return whether what holds it cannot be used, so that nothing is said of it."""
        above = self.above
        while above is not None and above.problem is None:
            above = above.above
        return above is not None

    def verdict(self) -> SignalError | None:
        """Return why it cannot be used now as far as structures say that, or None; a fresh error."""
        trouble = self.trouble()
        at: Part | None = self
        while at is not None and trouble is None:
            listing = at.listing
            if listing is not None and not listing.connected:
                problem = f"{listing.what} is away that says where it is"
                help = "it is compared when its server is back"
                trouble = DisconnectedError(problem, source=listing.source, help=help)
            at = at.above
        return trouble

    def trouble(self) -> SignalError | None:
        """Return what is wrong with it, or with what holds it; a fresh error."""
        found: SignalError | None = None
        at: Part | None = self
        while at is not None:
            if at.problem is not None:
                found = at.problem
            at = at.above
        return copy.copy(found)

    def compare(self, entry: Entry | None) -> None:
        """Note whether a structure still says of it what it said when it connected."""
        if self.entry is None:
            return
        if entry == self.entry:
            if isinstance(self.problem, MismatchError) and self.problem.code == CHANGED:
                self.problem = None
        else:
            listing = self.listing
            what = PVI_STRUCTURE if listing is None else listing.what
            error = MismatchError(
                f"{what} has changed" if entry is not None else f"{what} does not have it any more",
                source="" if listing is None else listing.source, expected=str(self.entry),
                found=None if entry is None else str(entry), help="connect again if that is meant",
            )  # fmt: skip
            error.code = CHANGED
            self.problem = error.about(self.node.path, self.node._place)

    def walk(self) -> Iterator["Part"]:
        """Yield this part and all inside."""
        yield self
        for part in self.inside:
            yield from part.walk()


class Listing:
    """One PVI structure, or Tango device; all devices of a beamline that are made from it share it.

    :param pv: its PV, or its TRL.
    :param what: messages call it.
    :param connector: reaches it.
    :param told: called with the structure when a server has described it, after what is known of it was compared.
    """

    def __init__(
        self, pv: str, connector: Connector, told: "Callable[[Listing], None]", what: str = PVI_STRUCTURE
    ) -> None:
        self.pv = pv
        self.what = what
        self.connector = connector
        self.holders: list[Part] = []
        self.entries: Mapping[At, Entry] = {}
        self._told = told
        self.channel: Channel = connector.channel(pv, Datatype(LISTING), self._check)

    @property
    def source(self) -> str:
        """Return its address with the scheme."""
        return self.channel.source

    @property
    def connected(self) -> bool:
        """Return whether what is known of it holds now."""
        return self.channel.state == "connected"

    def items(self, name: str) -> dict[int, Entry]:
        """Return the items of a vector that is an array, by key; empty if there is none."""
        return {key: entry for (other, key), entry in self.entries.items() if other == name and key is not None}

    def find(self, name: str) -> Entry | None:
        """Return the member with this name that is no vector, or None."""
        return self.entries.get((name, None))

    def _check(self, description: Description) -> None:
        self.entries = {(entry.name, entry.key): entry for entry in description.native.entries}
        for holder in self.holders:
            for part in _direct(holder):
                part.compare(self.entries.get(part.at))
        self._told(self)

    def confirm(self) -> None:
        """Have the members compared again that could not be used, or cannot be used any more."""
        for holder in self.holders:
            for part in holder.walk():
                for channel in getattr(part.node, "channels", ()):
                    if channel.failure is not None or part.verdict() is not None:
                        self.connector.check_again(channel)


def _direct(holder: Part) -> Iterator[Part]:
    """Yield the parts whose entries are in the structure of a device, with the items of its arrays."""
    for part in holder.inside:
        if part.is_array:
            yield from _direct(part)
        else:
            yield part


def part_of(node: Any) -> Part | None:
    """Return what is known of a node from structures; None for one that no structure says anything about."""
    return getattr(node, "_part", None)
