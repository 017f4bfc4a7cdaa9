"""A shape that is being built: members first, then what refers to them."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from ..blueprint import ChildShape, Derived, Member, Reference, RoleShape, Shape, SignalShape, VectorShape
from ..check.derived import read_formulas, report_cycles
from ..check.expected import read_expected
from ..check.paths import Content
from ..check.references import Lookup
from ..check.requirement import Requirement
from ..check.roles import Logic, read_role
from ..errors import Note, Place
from ..model.kinds import Spot
from ..model.params import ParamModel
from ..source import Findings
from ..source.ordering import in_order_of_need
from ..source.suggest import in_circle
from ..source.tree import LocatedMapping


@dataclass(frozen=True, slots=True)
class MemberReference:
    """A param of type `ref` of a child or an item of a vector, looked up when all members are known.

    :param member: name of the child or vector.
    :param key: of the item; of a child its name.
    """

    member: str
    key: str | int
    param: ParamModel
    value: Any
    spot: Spot


@dataclass(slots=True)
class Draft:
    """A device type or group on its way to a shape.

    :param derived: the entries of derived signals, whose formulas are read when all members are known.
    :param places: where each member is declared, also those that failed.
    :param said: members whose format is said in the file.
    :param failed: names whose mistakes were reported.
    :param absent: names that `when` removed.
    :param logic: for each role the mapping that it stands in.
    :param bases: names of the types that it extends, nearest first.
    :param notes: what to say beside mistakes in a member or role: which type brings it, where it is declared.
    :param open: it may have more members than are known.
    :param constants: params and variables whose values are known, for formulas.
    :param expected: the entries of signals whose value is compared with that of another signal.
    """

    name: str
    place: Place
    doc: str = ""
    members: dict[str, Member] = field(default_factory=dict[str, Member])
    derived: dict[str, LocatedMapping] = field(default_factory=dict[str, LocatedMapping])
    places: dict[str, Place] = field(default_factory=dict[str, Place])
    said: set[str] = field(default_factory=set[str])
    failed: set[str] = field(default_factory=set[str])
    absent: set[str] = field(default_factory=set[str])
    logic: dict[str, LocatedMapping] = field(default_factory=dict[str, LocatedMapping])
    params: Mapping[str, ParamModel] = field(default_factory=dict[str, ParamModel])
    constants: dict[str, Any] = field(default_factory=dict[str, Any])
    expected: dict[str, LocatedMapping] = field(default_factory=dict[str, LocatedMapping])
    bases: tuple[str, ...] = ()
    notes: dict[str, list[Note]] = field(default_factory=dict[str, list[Note]])
    references: list[MemberReference] = field(default_factory=list[MemberReference])
    open: bool = False

    @property
    def refers(self) -> bool:
        """Return whether paths in it are to be looked up."""
        return bool(self.derived or self.logic or self.expected or self.references)

    @property
    def content(self) -> Content:
        """Return what paths can lead to."""
        return Content(
            self.members, frozenset(self.logic), frozenset(self.failed), frozenset(self.absent), open=self.open
        )

    def preliminary(self) -> Shape:
        """Return a shape whose references are not looked up yet, for others that refer to it."""
        roles = tuple(RoleShape(role, "", {}, self.place) for role in self.logic)
        return self._shape(roles)

    def finish(self, lookup: Lookup) -> Shape:
        """Return the shape, with references, derived signals and logic looked up; mistakes are reported."""
        if self.references:
            self._look_up_references(lookup)
        for name, mapping in self.derived.items():
            with self.telling(name, lookup.findings):
                found = read_formulas(mapping, lookup, self.constants)
            member = self.members.get(name)
            if found is None:
                self.failed.add(name)
            elif isinstance(member, SignalShape):
                self.members[name] = replace(member, origin=_looked_up(found, member))
        self._report_cycles(lookup)
        self._read_expected(lookup)
        roles: tuple[RoleShape, ...] = ()
        if self.logic:
            lookup.own = self.content
            logic = Logic()
            for role, mapping in self.logic.items():
                with self.telling(role, lookup.findings):
                    read_role(role, mapping, lookup, self.constants, logic)
            roles = tuple(logic.roles)
            self._mark_signals(logic.carriers, logic.watched)
        return self._shape(roles)

    def _read_expected(self, lookup: Lookup) -> None:
        # It is compared at connect, when all devices are built, so that it orders nothing.
        noter, lookup.on_root = lookup.on_root, None
        for name, mapping in self.expected.items():
            member = self.members.get(name)
            if isinstance(member, SignalShape):
                with self.telling(name, lookup.findings):
                    self.members[name] = replace(member, expect=read_expected(name, mapping, lookup))
        lookup.on_root = noter

    def _look_up_references(self, lookup: Lookup) -> None:
        found: dict[tuple[str, str | int], list[tuple[str, Reference]]] = {}
        needs: dict[str, list[str]] = {}
        spots: dict[tuple[str, str], Spot] = {}
        for pending in self.references:
            with self.telling(pending.member, lookup.findings):
                result = lookup.reference(pending.value, pending.spot, Requirement(pending.param.to or "any"))
            if result is None:
                self.failed.add(pending.member)
                continue
            reference = result[0]
            found.setdefault((pending.member, pending.key), []).append((pending.param.name, reference))
            if reference.base == "device":
                other = str(reference.path[0])
                needs.setdefault(pending.member, []).append(other)
                spots.setdefault((pending.member, other), pending.spot)
        for circle in in_order_of_need(needs)[1]:
            self._report_circle(circle, spots, lookup.findings)
        for name in self.members.keys() & {name for name, _ in found}:
            self.members[name] = _referring(self.members[name], found)

    def _report_circle(self, circle: list[str], spots: Mapping[tuple[str, str], Spot], findings: Findings) -> None:
        pairs = list(zip(circle, (*circle[1:], circle[0]), strict=True))
        words = in_circle(circle)
        notes = tuple(Note(f"`{name}` refers to `{other}`", spots[name, other].place) for name, other in pairs[1:])
        summary = f"children refer to each other: {words}"
        findings.error("E404", summary, spots[pairs[0]].place, "remove one reference", notes)

    def telling(self, name: str, findings: Findings) -> AbstractContextManager[None]:
        """Add to mistakes in a member or role how it came here."""
        notes = self.notes.get(name)
        return findings.within(*notes) if notes else nullcontext()

    def _shape(self, roles: tuple[RoleShape, ...]) -> Shape:
        return Shape(self.name, tuple(self.members.values()), roles, self.place, self.bases, self.doc)

    def _report_cycles(self, lookup: Lookup) -> None:
        signals: dict[str, tuple[SignalShape, LocatedMapping]] = {}
        for name, mapping in self.derived.items():
            member = self.members.get(name)
            if isinstance(member, SignalShape) and name not in self.failed:
                signals[name] = (member, mapping)
        if signals:
            report_cycles(signals, lookup)

    def _mark_signals(self, carriers: set[str], watched: set[str]) -> None:
        for name in carriers | watched:
            member = self.members.get(name)
            if not isinstance(member, SignalShape):
                continue
            if name in carriers:
                member = replace(member, carries_device_name=True)
                if name not in self.said:
                    member = replace(member, format="hinted")
            if name in watched:
                member = replace(member, all_updates=True)
            self.members[name] = member


def _looked_up(found: Derived, member: SignalShape) -> Derived:
    """Return what a derived signal computes: by formulas, or by its table, of which only the inputs are looked up."""
    if isinstance(member.origin, Derived) and member.origin.positions:
        return replace(member.origin, inputs=found.inputs)
    return replace(found, set=found.set if "w" in member.access else ())


def _referring(member: Member, found: Mapping[tuple[str, str | int], list[tuple[str, Reference]]]) -> Member:
    """Return a child or vector with the references of its params."""
    if isinstance(member, VectorShape):
        items = (replace(item, references=tuple(found.get((member.key, item.key), ()))) for item in member.items)
        return replace(member, items=tuple(items))
    if isinstance(member, ChildShape):
        return replace(member, references=tuple(found.get((str(member.key), member.key), ())))
    return member
