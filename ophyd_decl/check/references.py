"""Looks references up and reports the ones that lead nowhere, or to the wrong kind of thing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..blueprint import Reference
from ..errors import Note, Place
from ..model.kinds import Spot, shown
from ..model.params import ParamModel
from ..source.findings import Findings
from ..source.suggest import listed, suggest
from ..source.tree import UNKNOWN, LocatedMapping
from .paths import UNKNOWN_TARGET, Content, DeadEnd, PathError, PathTuple, RootView, Target, parse_path, walk
from .requirement import Requirement


@dataclass(slots=True)
class Lookup:
    """Where the paths of one device are looked up.

    :param own: what the device itself holds.
    :param params: of its type; one of type `ref` may begin a path.
    :param root: the devices of the beamline, for what is written in a beamline or fragment; None in a type.
    :param name: of the device itself, as its file names it.
    :param on_root: called with the final name of each other device that a path leads to.
    """

    findings: Findings
    own: Content
    params: Mapping[str, ParamModel] = field(default_factory=dict[str, ParamModel])
    root: RootView | None = None
    name: str = ""
    on_root: Callable[[str], None] | None = None

    def reference(self, value: Any, spot: Spot, wanted: Requirement) -> tuple[Reference, Target] | None:
        """Return a reference and what it leads to, or None after a diagnostic.

        :param value: a path, or `{ref: PATH}`.
        """
        text = reference_text(value, spot)
        if text is None:
            return None
        return self.path(text, spot.place, wanted)

    def path(self, text: str, place: Place, wanted: Requirement) -> tuple[Reference, Target] | None:
        """Return the reference that a path is and what it leads to, or None after a diagnostic."""
        try:
            path = parse_path(text)
        except PathError as error:
            help_text = 'write `name.child`; quote what is no name: vac["gauge.p1"]'
            self.findings.error("E402", str(error), place, help_text)
            return None
        reference, found = self._find(path)
        if isinstance(found, DeadEnd):
            self._report_dead_end(text, path, found, place)
            return None
        problem = "" if found.kind == "unknown" else unfit(found, wanted)
        if problem:
            help_text = f"name {wanted.words}"
            if found.kind == "hosted":
                help_text = "declare the signal in the file too, at the same address: `NAME: {type: signal, pv: …}`"
            self.findings.error("E403", f"`{text}` is {problem}", place, help_text, _declared(found))
            return None
        return reference, found

    def _find(self, path: PathTuple) -> tuple[Reference, Target | DeadEnd]:
        first = str(path[0])
        param = self.params.get(first)
        if param is not None and param.type == "ref" and first not in self.own.members:
            return Reference("param", path), UNKNOWN_TARGET
        if self.root is not None and first == self.name and first not in self.own.members and len(path) > 1:
            path = path[1:]
        found = walk(self.own, path)
        if isinstance(found, DeadEnd) and self.root is not None and first not in self.own.members:
            path, found = self.root.walk(path)
            if not isinstance(found, DeadEnd) and self.on_root is not None:
                self.on_root(str(path[0]))
            return Reference("beamline", path), found
        return Reference("device", path), found

    def _report_dead_end(self, text: str, path: PathTuple, end: DeadEnd, place: Place) -> None:
        known = end.known
        if end.element == path[0] and self.root is not None:
            known = (*known, *self.own.members)
        if self.root is not None and self.root.is_nothing(path[0]):
            help_text = f"give `{path[0]}` by `with` where the fragment is included"
        elif end.absent:
            help_text = "remove the reference, or the `when` that removed it"
        elif known:
            near = self.findings.suggest(str(end.element), known)
            help_text = near or self._outside(path, end) or f"there are: {listed(known)}"
        else:
            help_text = "remove what follows the signal or command"
        self.findings.error("E402", f"`{text}` leads nowhere: there is no `{end.element}`", place, help_text)

    def _outside(self, path: PathTuple, end: DeadEnd) -> str:
        """Return what to do about a name that a fragment does not know, or an empty text."""
        in_fragment = self.root is not None and self.root.names is not None
        if not in_fragment or str(end.element) != str(path[0]):
            return ""
        return "what is outside the fragment comes by a param: `params: {NAME: {type: ref}}`"


def reference_text(value: Any, spot: Spot) -> str | None:
    """Return the path of a reference, or None after a diagnostic; None without one for what is not known yet."""
    if value is UNKNOWN:
        return None
    if isinstance(value, Reference):  # a param of a fragment in an expression
        return str(value)
    if isinstance(value, LocatedMapping):
        for key in value:
            if key != "ref":
                help_text = suggest(key, ["ref"]) or "write `{ref: PATH}`"
                spot.findings.error("E110", f"unknown key `{key}` in a reference", value.key_place(key), help_text)
                return None
        value = value.get("ref")
    if not isinstance(value, str):
        spot.error("E121", f"expected a path, got {shown(value)}", "write the path of a device or signal")
        return None
    return value


#: What has to be of this package.
_NATIVE = ("value", "signal", "command", "service")


def unfit(target: Target, wanted: Requirement) -> str:
    """Return why a target is not what is wanted, or an empty text."""
    if target.content is not None and target.content.open and wanted.kind != "service":
        return ""
    if target.kind == "hosted":
        # Age and loss of its values are not known, so nothing is computed of them (decision 0025).
        return f"{target.words}, not {wanted.words}" if wanted.kind in _NATIVE else ""
    movable = target.content is not None and "movable" in target.content.roles
    if wanted.kind == "value" and movable:
        return ""
    if wanted.kind == "movable":
        return "" if movable else f"{target.words}, not a movable device"
    kind = "signal" if wanted.kind == "value" else wanted.kind
    if kind == "any":
        return "" if target.kind in ("device", "signal", "service") else f"{target.words}, not {wanted.words}"
    if kind in ("signal", "command", "device", "service"):
        if target.kind != kind:
            return f"{target.words}, not {wanted.words}"
    elif target.content is None or kind not in target.content.roles:
        return f"{target.words} without the role `{kind}`"
    if target.signal is not None:
        access = target.signal.access
        if wanted.writable and "w" not in access:
            return f"a signal with `access: {access}`, which cannot be written"
        if wanted.readable and "r" not in access:
            return f"a signal with `access: {access}`, which cannot be read"
    return ""


def _declared(target: Target) -> tuple[Note, ...]:
    member = target.signal or target.command or target.vector or target.service
    return (Note("declared here", member.place),) if member is not None else ()
