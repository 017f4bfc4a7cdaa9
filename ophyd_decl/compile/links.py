"""What devices of a beamline say about each other: references, groups, and the order to build them in."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import translate
from typing import Any

from ..blueprint import ChildShape, DeviceBlueprint, Member, Shape, SignalShape, VectorShape
from ..check.expected import read_expected
from ..check.names import check_name, report_clash
from ..check.paths import Content, DeadEnd, Entity, PathError, PathTuple, RootView, parse_path, walk, write_path
from ..check.python_classes import read_arguments
from ..check.references import Lookup
from ..check.requirement import Requirement
from ..errors import Note, Place
from ..resolve.pieces import GivenReference, Piece
from ..source import Findings, LocatedList, LocatedMapping
from ..source.ordering import in_order_of_need
from ..source.suggest import MOST_SHOWN, in_circle, listed
from .devices import Devices, PendingReference
from .draft import Draft

_LABEL = "label:"
#: Paths that all patterns of groups are compared with, each counted for each pattern.
MAX_COMPARED = 5_000_000


class Links:
    """Looks up what needs all devices to be known."""

    def __init__(self, devices: Devices, findings: Findings) -> None:
        self._devices = devices
        self._findings = findings
        self._root: Content | None = None
        self._views: dict[int, RootView] = {}
        self._paths: list[str] | None = None
        self._compared = 0
        self._needs: dict[str, list[str]] = {}
        self._places: dict[tuple[str, str], Place] = {}

    @property
    def root(self) -> Content:
        """Return all devices, as paths see them."""
        if self._root is None:
            services = self._devices.services
            members: dict[str, Entity] = dict(services.made)
            members.update({name: _as_member(device) for name, device in self._devices.made.items()})
            failed = frozenset((self._devices.failed | services.failed) - members.keys())
            absent = frozenset(self._devices.absent | services.absent)
            self._root = Content(members, frozenset(), failed, absent, self._devices.open)
        return self._root

    @property
    def _incomplete(self) -> bool:
        """Return whether devices may be missing because of mistakes that were reported."""
        return bool(self._devices.failed) or self._devices.open

    def view(self, piece: Piece) -> RootView:
        """Return the devices that the paths of one file see."""
        view = self._views.get(id(piece))
        if view is None:
            names: dict[str, PathTuple | None] | None = None
            if piece.closed:
                names = {name: (final,) for name, final in piece.names.items()}
                names |= {name: self._given(given, piece) for name, given in piece.references.items()}
            view = self._views[id(piece)] = RootView(self.root, names, piece.open)
        return view

    def _given(self, given: GivenReference, piece: Piece) -> PathTuple | None:
        """Return the path from the root that a fragment is given for a param; the file that includes it gives it."""
        outer = piece.outer
        if given.value is None:
            return ()
        if given.spot is None or outer is None:
            return None
        with outer.telling(self._findings):
            lookup = Lookup(self._findings, Content({}, frozenset()), {}, self.view(outer))
            found = lookup.reference(given.value, given.spot, Requirement(given.param.to or "any"))
        return None if found is None else found[0].path

    def resolve(self) -> None:
        """Look up the references of all devices; mistakes are reported."""
        for pending in self._devices.pending:
            piece = self._piece_of(pending)
            view = self.view(piece)
            if pending.param.required or not _is_nothing(pending.value, piece):
                with self._devices.entries[pending.device].telling(self._findings):
                    self._resolve_pending(pending, view)
        for name, draft in self._devices.drafts.items():
            entry = self._devices.entries[name]
            view = self.view(entry.piece) if draft.refers else None
            with entry.telling(self._findings):
                self._finish(name, draft, view)

        for name, arguments in self._devices.arguments.items():
            with self._devices.entries[name].telling(self._findings):
                self._resolve_arguments(name, arguments)
        for name, mapping in self._devices.expected.items():
            with self._devices.entries[name].telling(self._findings):
                self._resolve_expected(name, mapping)

    def _lookup(self, name: str, place: Place) -> Lookup:
        """Return where the paths of a device without members are looked up."""
        view = self.view(self._devices.entries[name].piece)
        lookup = Lookup(self._findings, Content({}, frozenset()), {}, view)
        lookup.on_root = self._noter(name, place)
        return lookup

    def _resolve_arguments(self, name: str, arguments: LocatedMapping) -> None:
        before = self._findings.error_count
        found = read_arguments(arguments, self._lookup(name, arguments.place))
        device = self._devices.made.get(name)
        if self._findings.error_count != before:
            self._devices.failed.add(name)
        elif device is not None and device.python is not None:
            self._devices.made[name] = replace(device, python=replace(device.python, arguments=found))

    def _resolve_expected(self, name: str, mapping: LocatedMapping) -> None:
        device = self._devices.made[name]
        lookup = self._lookup(name, mapping.value_place("expect"))
        lookup.on_root = None
        found = read_expected(name, mapping, lookup)
        (signal,) = device.shape.members
        if found is None:
            self._devices.failed.add(name)
        elif isinstance(signal, SignalShape):
            shape = replace(device.shape, members=(replace(signal, expect=found),))
            self._devices.made[name] = replace(device, shape=shape)

    def _resolve_pending(self, pending: PendingReference, view: RootView) -> None:
        made = self._devices.made
        lookup = Lookup(self._findings, Content({}, frozenset()), {}, view)
        lookup.on_root = self._noter(pending.device, pending.spot.place)
        found = lookup.reference(pending.value, pending.spot, Requirement(pending.param.to or "any"))
        device = made.get(pending.device)
        if found is None:
            self._devices.failed.add(pending.device)
        elif device is not None:
            made[pending.device] = replace(device, values={**device.values, pending.param.name: found[0]})

    def _piece_of(self, pending: PendingReference) -> Piece:
        """Return the file in which a reference is written: that of the device, or of the layer that changes it."""
        piece = self._devices.entries[pending.device].piece
        holder = pending.spot.holder
        if piece.closed and isinstance(holder, LocatedMapping) and holder.home(pending.spot.key).file is not piece.file:
            *_, piece = piece.chain
        return piece

    def _finish(self, name: str, draft: Draft, view: RootView | None) -> None:
        before = self._findings.error_count
        lookup = Lookup(self._findings, draft.content, draft.params, view)
        lookup.name = self._devices.entries[name].local_name
        lookup.on_root = self._noter(name, draft.place)
        made = self._devices.made
        made[name] = replace(made[name], shape=draft.finish(lookup))
        if self._findings.error_count != before:
            self._devices.failed.add(name)

    def _noter(self, name: str, place: Place) -> Any:
        def note(other: str) -> None:
            if other not in self._needs.setdefault(name, []):
                self._needs[name].append(other)
                self._places[name, other] = place

        return note

    def build_order(self) -> tuple[str, ...]:
        """Return the names of the devices, each after those that it refers to; circles are reported."""
        if not self._needs:
            return tuple(self._devices.made)
        order, circles = in_order_of_need({name: self._needs.get(name, []) for name in self._devices.made})
        for circle in circles:
            self._report_circle(circle)
        return tuple(order)

    def _report_circle(self, members: list[str]) -> None:
        words = in_circle(members)
        pairs = list(zip(members, (*members[1:], members[0]), strict=True))
        notes = tuple(
            Note(f"`{name}` refers to `{other}`", self._places[name, other]) for name, other in pairs[1:MOST_SHOWN]
        )
        place = self._places[pairs[0]]
        self._findings.error("E404", f"devices refer to each other: {words}", place, "remove one reference", notes)

    def groups(self, mapping: LocatedMapping | None) -> dict[str, tuple[str, ...]]:
        """Return the paths of the members of each group; mistakes are reported."""
        groups: dict[str, tuple[str, ...]] = {}
        if mapping is None:
            return groups
        for name, selectors in mapping.items():
            if isinstance(selectors, LocatedList) and self._name_is_free(name, mapping):
                paths: dict[str, None] = {}
                for index, selector in enumerate(selectors):
                    if isinstance(selector, str):
                        paths.update(dict.fromkeys(self._selected(selector, selectors.value_place(index))))
                groups[name] = tuple(paths)
        return groups

    def _name_is_free(self, name: str, mapping: LocatedMapping) -> bool:
        place = mapping.key_place(name)
        other = self._devices.made.get(name) or self._devices.services.made.get(name)
        if other is not None:
            report_clash(name, place, other.place, self._findings)
            return False
        return check_name(name, place, self._findings, what="group", top=True)

    def _selected(self, selector: str, place: Place) -> list[str]:
        made = self._devices.made
        if selector.startswith(_LABEL):
            return self._labelled(selector.removeprefix(_LABEL), place)
        if "*" in selector:
            return self._matching(selector, place)
        try:
            path = parse_path(selector)
        except PathError:
            self._findings.error("E402", f"`{selector}` is no selector", place, "write a path, or `label:NAME`")
            return []
        found = walk(self.root, path)
        if isinstance(found, DeadEnd):
            labels = {label for device in made.values() for label in device.labels}
            near = self._findings.suggest(str(found.element), found.known)
            if near is None and selector in labels:
                near = f"write `{_LABEL}{selector}`"
            summary = f"`{selector}` leads nowhere: there is no `{found.element}`"
            help_text = near or f"there are: {listed(found.known)}"
            self._findings.error("E402", summary, place, help_text)
            return []
        if found.kind == "service":
            self._findings.error("E403", f"`{selector}` is a service, not a device", place, "name a device")
        return [write_path(path)]

    def _labelled(self, label: str, place: Place) -> list[str]:
        made = self._devices.made
        names = [name for name, device in made.items() if label in device.labels]
        if not names and not self._incomplete:
            labels = sorted({label for device in made.values() for label in device.labels})
            help_text = self._findings.suggest(label, labels) or f"labels: {listed(labels)}"
            self._findings.error("E402", f"no device has the label `{label}`", place, help_text)
        return names

    def _matching(self, pattern: str, place: Place) -> list[str]:
        if self._paths is None:
            self._paths = _every_path(self._devices.made)
        self._compared += len(self._paths)
        if self._compared > MAX_COMPARED:
            summary = f"the patterns are compared with more than {MAX_COMPARED} paths"
            self._findings.error("E105", summary, place, "use fewer patterns, or labels")
            return []
        matches = re.compile(translate(pattern)).match
        paths = [path for path in self._paths if matches(path)]
        first, dot, _ = pattern.partition("*")[0].partition(".")
        hosted = self._devices.made.get(first) if dot else None
        if hosted is not None and hosted.python is not None:
            paths.append(pattern)  # what is in it is known when it is made
        if not paths and not self._incomplete:
            self._findings.error("E402", f"nothing matches `{pattern}`", place, "change the pattern")
        return paths


def _is_nothing(value: Any, piece: Piece) -> bool:
    """Return whether a value is a param of a fragment for which nothing was given."""
    name = value.get("ref") if isinstance(value, LocatedMapping) else str(value)
    given = piece.references.get(name) if isinstance(name, str) else None
    return given is not None and given.value is None


def _as_member(device: DeviceBlueprint) -> Member:
    if device.is_signal and isinstance(device.shape.members[0], SignalShape):
        return device.shape.members[0]
    return ChildShape(device.path, device.shape, (), "child", device.place)


def _every_path(devices: Mapping[str, DeviceBlueprint]) -> list[str]:
    """Return the path of every device, and of everything below it, each before what it holds."""
    paths: list[str] = []
    for name, device in devices.items():
        waiting: list[tuple[PathTuple, Shape | VectorShape | None]] = [
            ((name,), None if device.is_signal else device.shape)
        ]
        while waiting:
            path, holder = waiting.pop()
            paths.append(write_path(path))
            inner: list[tuple[PathTuple, Shape | VectorShape | None]] = []
            for member in () if holder is None else _members(holder):
                below = member.shape if isinstance(member, ChildShape) else member
                inner.append(((*path, member.key), below if isinstance(below, Shape | VectorShape) else None))
            waiting.extend(reversed(inner))
    return paths


def _members(holder: Shape | VectorShape) -> Sequence[Member]:
    return holder.items if isinstance(holder, VectorShape) else holder.members
