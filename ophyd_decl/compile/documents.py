"""Names in documents: no two signals of a beamline may have the same, or one would hide the other in the data.

Most names are those of the way to a signal and cannot be the same twice, since no identifier holds the `-` that joins
them. So only names that could be are compared: those that the file gives, and those that hold the separator.
"""

from collections.abc import Iterator, Mapping

from ..blueprint import ChildShape, DeviceBlueprint, Member, Shape, SignalShape, VectorShape
from ..errors import Note, Place
from ..source import Findings

#: Who has a name: a device, and its signal where it is not the device itself that is named.
_Owner = tuple[DeviceBlueprint, Place | None]


class DocumentNames:
    """Checks the names that the signals of a beamline have in documents.

    :param separator: stands between the name of a device and that of its member.
    """

    def __init__(self, separator: str, findings: Findings) -> None:
        self._separator = separator
        self._findings = findings
        self._given: dict[int, tuple[tuple[str, Place], ...]] = {}
        self._joined: dict[int, dict[str, Place]] = {}
        self._odd: dict[int, bool] = {}

    def check(self, devices: Mapping[str, DeviceBlueprint]) -> None:
        """Report every name that two signals have."""
        by_name: dict[str, DeviceBlueprint] = {}
        taken: dict[str, _Owner] = {}
        for device in devices.values():
            other = by_name.setdefault(device.document_name, device)
            taken.setdefault(device.document_name, (device, None))
            if other is not device:
                self._report(device.document_name, (device, None), (other, None))
        for device in devices.values():
            seen: set[str] = set()
            for name, place in self._given_names(device.shape):
                first = taken.setdefault(name, (device, place))
                if first[0] is not device or first[1] != place or name in seen:
                    self._report(name, (device, place), first)
                seen.add(name)
                for outer, rest in self._outer(name, by_name):
                    names = self._joined_names(outer.shape)
                    if rest in names:
                        self._report(name, (device, place), (outer, names[rest]))
        for name, device in by_name.items():
            if self._separator == "_" or self._has_odd_keys(device.shape):
                self._joined_names(device.shape)
            for outer, rest in self._outer(name, by_name):
                self._compare(device, outer, rest)

    def _outer(self, name: str, by_name: Mapping[str, DeviceBlueprint]) -> Iterator[tuple[DeviceBlueprint, str]]:
        """Yield the devices whose name and the separator begin a name, with what follows."""
        end = name.find(self._separator)
        while end > 0:
            outer = by_name.get(name[:end])
            if outer is not None:
                yield outer, name[end + len(self._separator) :]
            end = name.find(self._separator, end + 1)

    def _compare(self, device: DeviceBlueprint, outer: DeviceBlueprint, start: str) -> None:
        """Report the first name that a device shares with one whose name begins like its own."""
        others = self._joined_names(outer.shape)
        for own, place in {"": None, **self._joined_names(device.shape)}.items():
            name = self._join(start, own)
            if name in others:
                self._report(self._join(outer.document_name, name), (device, place), (outer, others[name]))
                return

    def _given_names(self, shape: Shape) -> tuple[tuple[str, Place], ...]:
        """Return the names of signals, at every depth, that do not begin with the name of the device."""
        if id(shape) not in self._given:
            found: list[tuple[str, Place]] = []
            for member in shape.members:
                if isinstance(member, SignalShape) and member.document_name is not None:
                    found.append((member.document_name, member.place))
                for start, given, child in self._children(member):
                    found.extend(self._given_names(child.shape))
                    if given:
                        joined = self._joined_names(child.shape).items()
                        found.extend((self._join(start, name), place) for name, place in joined)
            self._given[id(shape)] = tuple(found)
        return self._given[id(shape)]

    def _joined_names(self, shape: Shape) -> dict[str, Place]:
        """Return the names of the signals of a shape that follow the name of its device; empty: the same name."""
        if id(shape) in self._joined:
            return self._joined[id(shape)]
        names: dict[str, Place] = {}
        for member in shape.members:
            if isinstance(member, SignalShape) and member.document_name is None:
                self._add(names, "" if member.carries_device_name else member.key, member.place)
            for start, given, child in self._children(member):
                if not given:
                    for name, place in self._joined_names(child.shape).items():
                        self._add(names, self._join(start, name), place)
        self._joined[id(shape)] = names
        return names

    def _add(self, names: dict[str, Place], name: str, place: Place) -> None:
        first = names.setdefault(name, place)
        if first != place:
            self._error(name, place, (Note("the other one", first),))

    def _children(self, member: Member) -> Iterator[tuple[str, bool, ChildShape]]:
        """Yield the children that a member is or holds: their names, and whether the file gives them."""
        if isinstance(member, ChildShape):
            yield member.document_name or str(member.key), member.document_name is not None, member
        elif isinstance(member, VectorShape):
            for item in member.items:
                start = self._join(member.document_name or member.key, str(item.key))
                given = item.document_name is not None or member.document_name is not None
                yield item.document_name or start, given, item

    def _has_odd_keys(self, shape: Shape) -> bool:
        """Return whether keys of vectors, at any depth, hold the separator."""
        if id(shape) not in self._odd:
            children = [member for member in shape.members if isinstance(member, ChildShape)]
            items = [item for member in shape.members if isinstance(member, VectorShape) for item in member.items]
            self._odd[id(shape)] = any(self._separator in str(item.key) for item in items) or any(
                self._has_odd_keys(child.shape) for child in (*children, *items)
            )
        return self._odd[id(shape)]

    def _join(self, start: str, name: str) -> str:
        return f"{start}{self._separator}{name}" if name else start

    def _report(self, name: str, owner: _Owner, first: _Owner) -> None:
        (device, own), (other, others) = owner, first
        place, place_of_first = own or device.place, others or other.place
        if place != place_of_first:
            self._error(name, place, (Note("the other one", place_of_first),))
        elif device is other:
            self._error(name, place, (Note(f"in the device `{device.path}`", device.place),))
        else:
            notes = (Note(f"the other one, in `{other.path}`", other.place), Note("the signal of both", place))
            self._error(name, device.place, notes)

    def _error(self, name: str, place: Place, notes: tuple[Note, ...]) -> None:
        help_text = "rename one of them, or give one another `name:`"
        self._findings.error("E405", f"two signals have the name `{name}` in documents", place, help_text, notes)
