"""What servers say that devices consist of, asked level by level when devices connect, all of one level at once.

What is declared is compared with a PVI structure, and gets its PVs; what only a structure, or a Tango device, declares
is added where the file says `fill`. One that answers late, or says more than it did, completes its devices in the
background.
"""

import asyncio
import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..connectors.protocol import Connector
from ..devices import fill
from ..devices.comparison import Comparison, mismatch
from ..devices.device import Device, Vector
from ..devices.listed import Listed
from ..devices.node import Node, root_of, walk
from ..devices.parts import PVI_STRUCTURE, TANGO_DEVICE, At, Listing, Part, part_of
from ..errors import NoConnectorError, SignalError
from ..vocab.addresses import pvi_member
from . import tasks

#: How deep structures may lie in each other.
MAX_LEVELS = 20
Level = dict[Listing, list[Part]]
#: Called with members whose PVs are known now.
Found = Callable[[list[Listed]], None]


class Structures:
    """All PVI structures, and lists of Tango devices, that the devices of a beamline use.

    :param complete: asked to connect a device again, since a structure of it says more than it did.
    """

    def __init__(self, complete: Callable[[Any], None]) -> None:
        self._complete = complete
        self._listings: dict[tuple[Connector, str], Listing] = {}
        self._readings: list[_Reading] = []

    async def read(self, devices: Sequence[Any], deadline: float, found: Found, *, anew: bool) -> None:
        """Read the structures of devices, compare what is declared, and say where each member is.

        :param deadline: for all levels, on the clock of `time.monotonic`.
        :param found: told of members as soon as their PVs are known; nobody waits for a structure that is silent.
        :param anew: whether a member may be found at other PVs than before; else it stays refused.
        """
        async with asyncio.TaskGroup() as group:
            reading = _Reading(self, devices, deadline, found, group, anew=anew)
            self._readings.append(reading)
            try:
                await reading.run()
            finally:
                self._readings.remove(reading)

    def listing(self, part: Part, pv: str) -> Listing | None:
        """Return the list at a PV or TRL, as that of a device or vector; None if it cannot be reached."""
        node = part.node
        protocol = fill.protocol_of(node)
        try:
            connector = node._context.reach(protocol, None)
        except NoConnectorError as error:
            part.problem = error.about(node.path, node._place)
            return None
        listing = self._listings.get((connector, pv))
        if listing is None:
            listing = self._listings[connector, pv] = Listing(
                pv, connector, self._told, TANGO_DEVICE if protocol == "tango" else PVI_STRUCTURE
            )
        if part.inner is not listing:
            if part.inner is not None:
                part.inner.holders.remove(part)
            part.inner = listing
            listing.holders.append(part)
        return listing

    def release(self) -> None:
        """Forget everything, when the beamline is closed; what only servers declared is taken away."""
        for listing in self._listings.values():
            for holder in listing.holders:
                for part in list(holder.walk()):
                    _forget(part)
            listing.connector.release(listing.channel)
        self._listings.clear()

    def _told(self, listing: Listing) -> None:
        """Let members go on that waited for a structure, and have devices completed of which it says more now."""
        listing.confirm()
        for reading in self._readings:
            reading.told(listing)
        for holder in listing.holders:
            root = root_of(holder.node)
            if any(root in reading.devices for reading in self._readings):
                continue
            late = not holder.compared or any(part.problem is not None and part.entry is None for part in holder.walk())
            if late or (root._context.connection.fill and fill.says_more(holder, listing)):
                self._complete(root)


class _Reading:
    """One reading of the structures of some devices: each level begins when the one above it has answered."""

    def __init__(
        self, structures: Structures, devices: Sequence[Any], deadline: float, found: Found, group: asyncio.TaskGroup,
        *, anew: bool,
    ) -> None:  # fmt: skip
        self.devices = devices
        self._structures = structures
        self._deadline = deadline
        self._found = found
        self._group = group
        self._anew = anew
        self._awaited: Level = {}
        self._arrived: list[Listing] = []
        self._outstanding = 0
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Read all levels."""
        level: Level = {}
        for device in self.devices:
            for root in _roots(device):
                part = part_of(root) or _prepare(root, None, ("", None))
                self._want(part, fill.structure_of(root), level)
        self._ask(level)
        if self._outstanding:
            await self._ended.wait()

    def told(self, listing: Listing) -> None:
        """Compare a structure soon, with those that answer at the same time."""
        if listing in self._awaited:
            if not self._arrived:
                asyncio.get_running_loop().call_soon(self._take_arrived)
            self._arrived.append(listing)

    def _want(self, part: Part, pv: str, level: Level) -> None:
        listing = self._structures.listing(part, pv)
        if listing is not None:
            level.setdefault(listing, []).append(part)

    def _ask(self, level: Level) -> None:
        """Search the structures of one level, all at once."""
        batches: dict[Connector, list[Listing]] = {}
        for listing, parts in level.items():
            self._awaited.setdefault(listing, []).extend(parts)
            batches.setdefault(listing.connector, []).append(listing)
        for connector, listings in batches.items():
            self._outstanding += tasks.begin(self._group, self._connect(connector, listings))

    async def _connect(self, connector: Connector, listings: list[Listing]) -> None:
        try:
            answers = await connector.connect([listing.channel for listing in listings], self._deadline)
            self._take(dict(zip(listings, answers, strict=True)))
        finally:
            self._outstanding -= 1
            if not self._outstanding:
                self._ended.set()

    def _take_arrived(self) -> None:
        arrived, self._arrived = self._arrived, []
        if not self._ended.is_set():
            self._take(dict.fromkeys(arrived, None))

    def _take(self, answers: Mapping[Listing, object]) -> None:
        """Compare structures that were not compared yet, and ask for those that they name."""
        following: Level = {}
        found: list[Listed] = []
        for listing, answer in answers.items():
            failure = answer if isinstance(answer, SignalError) else listing.channel.failure
            for part in self._awaited.pop(listing, ()):
                node = part.node
                part.problem = None if failure is None else copy.copy(failure).about(node.path, node._place)
                if failure is None:
                    comparison = Comparison(part, listing, anew=self._anew)
                    comparison.run()
                    found += comparison.found
                    for inner, pv in comparison.inner:
                        self._deeper(inner, pv, following)
        self._ask(following)
        if found:
            self._found(found)

    def _deeper(self, part: Part, pv: str, level: Level) -> None:
        above = list(_pvs_above(part))
        if pv in above or len(above) >= MAX_LEVELS:
            part.problem = mismatch(part, "the PVI structures contain each other", None, pv, source=f"pva://{pv}")
        else:
            self._want(part, pv, level)


def has_structure(device: Any) -> bool:
    """Return whether a structure is to be read before a device can connect."""
    return not device._context.mock and next(_roots(device), None) is not None


def _roots(device: Any) -> Iterator[Device]:
    """Yield the device, and those below it, whose servers are asked what they have, at places that the file names."""
    if fill.is_tango(device) and device._context.connection.fill:
        yield device
    for node in walk(device):
        if isinstance(node, Device) and "#" not in str(node._values.get("pvi", "#")):
            structure = fill.structure_of(node)
            if node._context.connection.fill or any(_is_part(child, structure) for _, child in node.children()):
                yield node


def _is_part(node: Node, structure: str) -> bool:
    """Return whether a declared member is part of the structure of the device that holds it."""
    if isinstance(node, Listed):
        return True
    if isinstance(node, Vector):
        return any(_is_part(item, pvi_member(structure, node._key)) for _, item in node.children())
    return isinstance(node, Device) and node._values.get("pvi") == pvi_member(structure, node._key)


def _prepare(node: Any, above: Part | None, at: At) -> Part:
    """Return the part of a device, with those of all that is declared below it in the same structure."""
    part = node._part = Part(node, above, at)
    structure = fill.structure_of(node) if isinstance(node, Device | Vector) else ""
    for _, child in node.children():
        if _is_part(child, structure):
            _prepare(child, part, ("", None))
    return part


def _pvs_above(part: Part) -> Iterator[str]:
    above = part.above
    while above is not None:
        if above.inner is not None:
            yield above.inner.pv
        above = above.above


def _forget(part: Part) -> None:
    node: Any = part.node
    node._part = None
    if part.filled and part.above is not None and part.node._key in dict(part.above.node.children()):
        node.parent._drop(node._key)
