"""Shapes of types: built once for each type and values of its structural params, shared by all their devices.

A type is built once with none of its params known, which reports what is wrong in its text; only the values of
expressions can add mistakes later, and those name the device that brought them.
"""

from collections.abc import Container, Mapping
from math import isfinite
from typing import Any

from ..blueprint import Derived, Member, Shape, Timeouts
from ..check.names import check_name, report_clash
from ..check.references import Lookup
from ..errors import Note, Place
from ..model.addresses import PREFIX, TRL
from ..model.commands import read_command
from ..model.derived import read_derived
from ..model.kinds import shown
from ..model.signals import Surroundings, read_signal, signal_shape
from ..resolve.bodies import expand_member
from ..resolve.inheritance import Body, Definition
from ..resolve.scope import Scope, expand
from ..source import Findings, LocatedMapping
from ..source.plain import is_list, is_mapping
from ..source.tree import UNKNOWN
from .children import ChildReader
from .draft import Draft
from .typebook import TypeBook, TypeModel

_WHAT = {
    "signals": "signal", "commands": "command", "children": "child", "vectors": "vector", "derived": "derived signal",
}  # fmt: skip


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
                self._shapes[model.name, (), self.timeouts] = shape
        return self._symbolic[model.name]

    def is_sound(self, model: TypeModel) -> bool:
        """Return whether nothing is wrong in the text of a type."""
        self.symbolic(model)
        return model.name in self._sound

    def shape(self, model: TypeModel, fixed: Mapping[str, Any], timeouts: Timeouts, cause: Note) -> Shape | None:
        """Return the shape for some values of params.

        :param fixed: values of the structural params, and of others that are constant.
        :param cause: who asks, for mistakes that only these values make.
        """
        general = self.symbolic(model)
        if model.name not in self._sound or any(value is UNKNOWN for value in fixed.values()):
            return general
        key = (model.name, tuple((name, frozen(value)) for name, value in sorted(fixed.items())), timeouts)
        found = self._shapes.get(key)
        if found is None:
            with self.findings.within(cause):
                found = self._shapes[key] = self._build(model, fixed, timeouts)
        return found

    def _build(self, model: TypeModel, fixed: Mapping[str, Any], timeouts: Timeouts) -> Shape:
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
        self.fill(draft, model.body, scope, timeouts, bases=unknown)
        return draft.finish(Lookup(self.findings, draft.content, model.params))

    def fill(self, draft: Draft, body: Body, scope: Scope, timeouts: Timeouts, *, bases: Container[str] = ()) -> None:
        """Read the members of a type or group into a draft.

        :param bases: names of values that addresses may be joined to.
        """
        draft.bases, draft.open = body.bases, body.open
        draft.taken_over = {
            name for name, found in (*body.members.items(), *body.roles.items()) if found.owner != body.name
        }
        around = Surroundings(
            self.findings, PREFIX in bases or body.open, timeouts, tuple(draft.params), TRL in bases or body.open
        )
        for first, second in body.clashes:
            report_clash(second.name, second.place, first.place, self.findings)
        for name, definition in body.members.items():
            before = self.findings.error_count
            check_name(name, definition.place, self.findings, what=_WHAT[definition.block])
            with draft.telling(name, self.findings):
                self._read_entry(definition, scope, around, draft)
            if self.findings.error_count != before:
                draft.failed.add(name)
        for role, definition in body.roles.items():
            draft.logic[role] = expand(definition.alone, scope)

    def _read_entry(self, definition: Definition, scope: Scope, around: Surroundings, draft: Draft) -> None:
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
        if "format" in mapping:
            draft.said.add(name)
        member = self._member(definition.block, name, mapping, definition.place, scope, around, draft)
        if member is not None:
            draft.members[name] = member
        else:
            draft.failed.add(name)

    def _member(
        self, block: str, name: str, mapping: LocatedMapping, place: Place, scope: Scope, around: Surroundings,
        draft: Draft,
    ) -> Member | None:  # fmt: skip
        if block == "signals":
            return read_signal(name, mapping, place, around)
        if block == "commands":
            return read_command(name, mapping, place, around)
        if block == "children":
            return self._children.child(name, mapping, place, scope, around, draft.params)
        if block == "vectors":
            return self._children.vector(name, mapping, place, scope, around, draft.params)
        found = read_derived(mapping, place, around)
        if found is None:
            return None
        values, datatype = found
        draft.derived[name] = mapping
        origin = Derived(str(mapping["get"]), (), (), ())
        access = "rw" if "set" in mapping else "r"
        return signal_shape(name, values, origin, datatype, place, around.timeouts, access)


def frozen(value: Any) -> Any:
    """Return a value as a part of a key; 1, 1.0 and true are different."""
    if is_list(value):
        return tuple(frozen(item) for item in value)
    if is_mapping(value):
        return tuple((key, frozen(item)) for key, item in value.items())
    return type(value), value


def is_scalar(value: Any) -> bool:
    """Return whether a value can stand in a formula."""
    return isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value))
