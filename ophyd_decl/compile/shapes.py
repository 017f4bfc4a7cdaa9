"""Shapes of types: built once for each type and values of its structural params, shared by all their devices.

A type is built once with none of its params known, which reports what is wrong in its text; only the values of
expressions can add mistakes later, and those name the device that brought them.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

from ..blueprint import CommandShape, Derived, Member, Shape, SignalShape, Timeouts
from ..check.connectors import read_connector
from ..check.names import check_name, report_clash
from ..check.overrides import (
    NOTHING,
    Overlay,
    Override,
    check_format,
    declared,
    effective_entry,
    frozen,
    narrowed,
    report_below,
)
from ..check.references import Lookup
from ..check.roles import without_braces
from ..errors import Note
from ..model.addresses import PREFIX, PVI, TRL
from ..model.commands import read_command
from ..model.derived import is_set, read_derived
from ..model.kinds import shown
from ..model.positions import read_positions
from ..model.signals import Surroundings, read_signal, signal_shape
from ..resolve.bodies import expand_member
from ..resolve.inheritance import LOGIC, Body, Definition
from ..resolve.pieces import Entry, Piece
from ..resolve.repeat import repeated
from ..resolve.scope import Scope, expand
from ..source import Findings, LocatedMapping
from ..source.plain import is_mapping
from ..source.suggest import listed
from ..source.tree import UNKNOWN
from .children import ChildReader
from .draft import Draft
from .typebook import TypeBook, TypeModel

_WHAT = {
    "signals": "signal", "commands": "command", "children": "child", "vectors": "vector", "derived": "derived signal",
}  # fmt: skip


#: After so many mistakes, overrides are not looked at any more: each may need a shape of its own.
_MANY_ERRORS = 200


class ShapeBuilder:
    """Builds shapes and keeps them.

    :param timeouts: that hold where a type says nothing.
    """

    def __init__(self, book: TypeBook, findings: Findings, timeouts: Timeouts) -> None:
        self.book = book
        self.findings = findings
        self.timeouts = timeouts
        self._shapes: dict[Any, Shape] = {}
        self._symbolic: dict[str, Shape | None] = {}
        self._sound: set[str] = set()
        self._children = ChildReader(self)

    def symbolic(self, model: TypeModel) -> Shape | None:
        """Return the shape of a type with none of its structural params known; reports what is wrong in the type.

        None while the type is being built, which only a type that contains itself can ask for.
        """
        if model.name not in self._symbolic:
            self._symbolic[model.name] = None
            before = self.findings.error_count
            values = dict.fromkeys(model.structural, UNKNOWN)
            shape = self._build(model, values, self.timeouts)
            if self.findings.error_count == before and not model.failed_params:
                self._sound.add(model.name)
            self._symbolic[model.name] = shape
            if not model.structural:
                self._shapes[model.name, (), self.timeouts, ()] = shape
        return self._symbolic[model.name]

    def is_sound(self, model: TypeModel) -> bool:
        """Return whether nothing is wrong in the text of a type."""
        self.symbolic(model)
        return model.name in self._sound

    def shape(
        self, model: TypeModel, fixed: Mapping[str, Any], timeouts: Timeouts, cause: Note, overlay: Overlay = NOTHING
    ) -> Shape | None:
        """Return the shape for some values of params.

        :param fixed: values of the structural params, and of others that are constant.
        :param cause: who asks, for mistakes that only these values make.
        :param overlay: what is overridden in it.
        """
        general = self.symbolic(model)
        unsure = model.name not in self._sound or any(value is UNKNOWN for value in fixed.values())
        if unsure and not overlay:
            return general
        values = tuple((name, frozen(value)) for name, value in sorted(fixed.items()))
        key = (model.name, values, timeouts, overlay.content)
        found = self._shapes.get(key)
        if found is None:
            before = self.findings.error_count
            if overlay and before > _MANY_ERRORS:
                return general
            with self.findings.within(cause):
                found = self._build(model, fixed, timeouts, overlay)
            # Each device with mistakes in its overrides has them at places of its own.
            if not overlay or before == self.findings.error_count:
                self._shapes[key] = found
        return found

    def _build(
        self, model: TypeModel, fixed: Mapping[str, Any], timeouts: Timeouts, overlay: Overlay = NOTHING
    ) -> Shape:
        unknown = dict.fromkeys((*model.params, *model.failed_params), UNKNOWN)
        origins = {name: param.place for name, param in model.params.items()}
        scope = Scope({**unknown, **fixed}, self.findings, origins)
        scope.no_text = {
            name: param.type for name, param in model.params.items() if param.type not in ("str", "int", "float")
        }
        scope.open = model.body.open
        source = model.source
        draft = Draft(source.name, source.place, model.doc, params=model.params)
        draft.constants = {name: value for name, value in fixed.items() if is_scalar(value)}
        self.fill(draft, model.body, scope, timeouts, overlay, bases=unknown)
        return draft.finish(Lookup(self.findings, draft.content, model.params))

    def fill(
        self, draft: Draft, body: Body, scope: Scope, timeouts: Timeouts, overlay: Overlay = NOTHING, *,
        bases: Container[str] = (),
    ) -> None:  # fmt: skip
        """Read the members of a type or group into a draft.

        :param overlay: what is overridden in it.
        :param bases: names of values that addresses may be joined to.
        """
        draft.bases, draft.open = body.bases, body.open
        for name, definition in (*body.members.items(), *body.roles.items()):
            if definition.owner != body.name:
                draft.notes[name] = [Note(f"taken over by `{draft.name}`", draft.place)]
        prefix, trl, pvi = [base in bases or body.open for base in (PREFIX, TRL, PVI)]
        around = Surroundings(self.findings, prefix, timeouts, tuple(draft.params), trl, pvi)
        for first, second in body.clashes:
            report_clash(second.name, second.place, first.place, self.findings)
        for definition in body.members.values():
            if definition.block == "children" and is_mapping(definition.value) and "repeat" in definition.value:
                self._read_repeated(definition, scope, around, draft, overlay)
            else:
                self._read_named(definition, scope, around, draft, overlay)
        self._read_roles(draft, body, scope, overlay)
        if overlay and not draft.open:
            passed = {*draft.failed, LOGIC}
            overlay.report_unknown(tuple(draft.members), self.findings, passed=passed, absent=draft.absent)

    def _read_repeated(
        self, definition: Definition, scope: Scope, around: Surroundings, draft: Draft, overlay: Overlay
    ) -> None:
        """Read the children that one entry makes; what they are may be known only when the type is used."""
        name = definition.name
        piece = Piece(definition.holder.file, scope)
        with draft.telling(name, self.findings):
            made = repeated(Entry(name, name, definition.holder, definition.value, piece, scope), self.findings)
        for entry in made:
            if name in draft.notes:
                draft.notes[entry.name] = draft.notes[name]
            with entry.telling(self.findings):
                self._read_named(definition.made(entry.name, entry.body), entry.scope, around, draft, overlay)
        if piece.open:
            draft.open = True
            draft.members.pop(name, None)
            draft.references = [pending for pending in draft.references if pending.member != name]

    def _read_named(
        self, definition: Definition, scope: Scope, around: Surroundings, draft: Draft, overlay: Overlay
    ) -> None:
        before, name = self.findings.error_count, definition.name
        if name in draft.places:
            report_clash(name, definition.place, draft.places[name], self.findings)
            return
        draft.places[name] = definition.place
        check_name(name, definition.place, self.findings, what=_WHAT[definition.block])
        with draft.telling(name, self.findings):
            self._read_entry(definition, scope, around, draft, overlay)
        if self.findings.error_count != before:
            draft.failed.add(name)

    def _read_entry(
        self, definition: Definition, scope: Scope, around: Surroundings, draft: Draft, overlay: Overlay
    ) -> None:
        name, raw = definition.name, definition.value
        if not isinstance(raw, LocatedMapping):
            if raw is not UNKNOWN:
                summary = f"expected a mapping, got {shown(raw)}"
                place = definition.holder.value_place(name)
                self.findings.error("E120", summary, place, "write `{key: value, …}`")
            return
        mapping = expand_member(definition.block, raw, scope)
        if mapping.get("when") is False:
            draft.absent.add(name)
            return
        own, below = overlay.split(name)
        if own:
            member = self._overridden(definition, mapping, own, below, scope, around, draft)
        else:
            member = self._member(definition, mapping, below, scope, around, draft)
        if member is not None:
            draft.members[name] = member
        else:
            draft.failed.add(name)

    def _overridden(
        self, definition: Definition, mapping: LocatedMapping, own: Sequence[Override], below: Overlay, scope: Scope,
        around: Surroundings, draft: Draft,
    ) -> Member | None:  # fmt: skip
        """Return a member on which overrides were merged."""
        had = mapping.get("access")
        mapping = effective = effective_entry(definition, mapping, own, self.findings)
        access = effective.get("access")
        if access != had:
            # Its addresses are those of the access that the type gives it.
            mapping = effective.without("access") if had is None else effective.replaced({"access": had})
        draft.notes.setdefault(definition.name, []).append(declared(definition))
        with self.findings.within(declared(definition)):
            member = self._member(definition, mapping, below, scope, around, draft)
            if access != had and isinstance(member, SignalShape):
                check_format(access, effective, self.findings)
                member = narrowed(member, access)
        if isinstance(member, SignalShape):
            keys = dict.fromkeys(key for override in own for key in override.values if key in effective)
            member = replace(member, places=tuple((key, effective.value_place(key)) for key in keys))
        return member

    def _read_roles(self, draft: Draft, body: Body, scope: Scope, overlay: Overlay) -> None:
        """Read the roles, with what is overridden in them."""
        own, roles = overlay.split(LOGIC) if LOGIC not in body.members else ((), NOTHING)
        for override in own:
            override.report_dead_end(self.findings, f"write `{LOGIC}.ROLE`; roles: {listed(body.roles)}")
        for role, definition in body.roles.items():
            alone = definition.alone
            if isinstance(alone[role], LocatedMapping):
                written = without_braces(alone[role], scope.values, body.members, self.findings)
                if written is not alone[role]:
                    alone = alone.replaced({role: written})
            holder: LocatedMapping = expand(alone, scope)
            options = holder[role]
            own, below = roles.split(role)
            if own and isinstance(options, LocatedMapping):
                draft.notes.setdefault(role, []).append(declared(definition))
                holder = holder.replaced({role: effective_entry(definition, options, own, self.findings)})
            for override in below.overrides:
                override.report_dead_end(self.findings, "remove what follows the role")
            draft.logic[role] = holder
        if not draft.open:
            roles.report_unknown(tuple(body.roles), self.findings)

    def _member(
        self, definition: Definition, mapping: LocatedMapping, below: Overlay, scope: Scope, around: Surroundings,
        draft: Draft,
    ) -> Member | None:  # fmt: skip
        block, name, place = definition.block, definition.name, definition.place
        if "format" in mapping:
            draft.said.add(name)
        if block == "children":
            return self._children.child(definition, mapping, scope, around, draft, below)
        if block == "vectors":
            return self._children.vector(definition, mapping, scope, around, draft, below)
        report_below(below, definition, self.findings)
        if block == "signals":
            if isinstance(mapping.get("expect"), LocatedMapping):
                draft.expected[name] = mapping
            return self._connected(read_signal(name, mapping, place, around), mapping)
        if block == "commands":
            return self._connected(read_command(name, mapping, place, around), mapping)
        found = read_derived(mapping, place, around)
        if found is None:
            return None
        values, datatype = found
        draft.derived[name] = mapping
        origin: Derived | None = Derived(str(mapping.get("get", "")), (), (), ())
        if "positions" in mapping:
            origin = read_positions(values, mapping, self.findings)
            if origin is None:
                return None
        access = "rw" if is_set(mapping) else "r"
        return signal_shape(name, values, origin, datatype, place, around.timeouts, access)

    def _connected(
        self, member: SignalShape | CommandShape | None, mapping: LocatedMapping
    ) -> SignalShape | CommandShape | None:
        """Return a member with the connector that its entry names."""
        if member is None or "connector" not in mapping:
            return member
        return replace(member, connector=read_connector(mapping, self.findings))


def is_scalar(value: Any) -> bool:
    """Return whether a value can stand in a formula."""
    return isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value))
