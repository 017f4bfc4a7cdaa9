"""Types that were read: their params, and which of them decide the structure of a device.

A param is structural when anything but plain joining into an address, or into a param of a child that is not
structural itself, uses it. Devices whose structural params agree share one shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..check.formulas import parse_formula
from ..check.given_options import find_options
from ..check.shipped import SHIPPED
from ..errors import Note, Place
from ..formula import FormulaError
from ..model.addresses import PVI
from ..model.blocks import not_supported
from ..model.kinds import Spot
from ..model.params import ParamModel
from ..model.types import (
    CHILD_KEYS,
    IN_PLACE,
    LATER_NAMESPACES,
    STRUCTURE,
    TAKEN_BY_INSTANCES,
    TYPE,
    VECTOR_KEYS,
)
from ..resolve.bodies import ADDRESSES, names_in
from ..resolve.catalog import Catalog, TypeSource
from ..resolve.inheritance import DOC, PARAMS, PROTOCOL, Body, inherit, linearize
from ..resolve.params import declared_param
from ..resolve.scope import refuse_expressions
from ..source import Findings, LocatedList, LocatedMapping
from ..source.suggest import MOST_SHOWN, in_circle, listed

#: What to do where a type extends one of those that take their structure in place.
_INSTEAD = {
    "group": "remove `extends`: a type has its members in the same place as a group",
    "tango.device": "remove `extends`, and give the type `params: {trl: {type: str}}`",
    "pvi.device": "remove `extends`, and give the type `params: {pvi: {type: str}}`",
}
#: Types that are nested in each other, or that extend each other.
MAX_LEVELS = 50


@dataclass(slots=True)
class TypeModel:
    """A type, ready to be used.

    :param body: what it has with all that it takes over.
    :param levels: how deep types are nested in it, itself counted.
    :param structural: params whose values decide the structure.
    :param in_formulas: params that formulas read.
    :param failed_params: names of params whose mistakes were reported.
    """

    source: TypeSource
    body: Body
    doc: str = ""
    protocol: str | None = None
    abstract: bool = False
    params: dict[str, ParamModel] = field(default_factory=dict[str, ParamModel])
    structural: frozenset[str] = frozenset()
    in_formulas: frozenset[str] = frozenset()
    failed_params: frozenset[str] = frozenset()
    levels: int = 1

    @property
    def name(self) -> str:
        """Return the full name."""
        return self.source.name

    @property
    def takes_part_of_structure(self) -> bool:
        """Return whether its instances may be a part of the PVI structure of what holds them."""
        param = self.params.get(PVI)
        return param is not None and param.type == "str" and PVI not in self.structural

    def decides(self, param: str) -> bool:
        """Return whether a type that has it as a child must know what it gives to a param: to build, or to check it."""
        return param in self.structural or (param in self.params and self.params[param].bounded)


class TypeBook:
    """Reads types when they are needed, each once."""

    def __init__(self, catalog: Catalog, findings: Findings) -> None:
        self.catalog = catalog
        self._findings = findings
        self._models: dict[str, TypeModel | None] = {}
        self._bodies: dict[str, Body | None] = {}
        self._extending: list[str] = []
        self._open: list[str] = []
        #: levels of types in each open type, as far as it was read.
        self._levels: list[int] = []
        self._circular: set[Place] = set()

    def is_circular(self, entry: LocatedMapping) -> bool:
        """Return whether an entry was refused because its type contains itself."""
        return bool(self._circular) and entry.value_place("type") in self._circular

    def get(self, name: str) -> TypeModel | None:
        """Return a type, or None if there is none or it contains itself."""
        if name not in self._models:
            source = self.catalog.find(name)
            self._models[name] = None if source is None else self._read(source)
        return self._models[name]

    def _read(self, source: TypeSource) -> TypeModel:
        findings = self._findings
        values = TYPE.read(source.body, findings, source.place)
        refuse_expressions(source.body.without(*STRUCTURE, "params"), findings, "a type itself")
        body = self._body(source.name) or Body(source.name)
        model = TypeModel(source, body, abstract=values.get("abstract", False))
        model.doc, model.protocol = self._head(body, DOC) or "", self._head(body, PROTOCOL)
        self._read_params(model)
        self._models[source.name] = model
        self._open.append(source.name)
        self._levels.append(1)
        structural, in_formulas = self._classify(model)
        self._open.pop()
        model.levels = self._levels.pop()
        model.structural = frozenset(structural & model.params.keys())
        model.in_formulas = frozenset(in_formulas & model.params.keys())
        return model

    def in_place(self, kind: str, own: LocatedMapping, place: Place) -> TypeModel:
        """Return what is written in a beamline, with all that it takes over, as if it were a type.

        :param kind: `group`, or another one that takes its structure in place.
        """
        model = TypeModel(TypeSource(kind, own, place), self.inherited(kind, own.without(PARAMS)))
        inherited = {key for key, said in model.body.heads.items() if said.owner != kind}
        model.protocol = self._head(model.body, PROTOCOL) if PROTOCOL in inherited else None
        model.doc = (self._head(model.body, DOC) if DOC in inherited else None) or ""
        self._read_params(model)
        return model

    def _head(self, body: Body, key: str) -> str | None:
        said = body.heads.get(key)
        if said is None:
            return None
        value = TYPE.keys[key].kind.read(said.value, Spot(said.holder, key, self._findings))
        return value.strip() if isinstance(value, str) else None

    def _body(self, name: str) -> Body | None:
        """Return what a type has with all that it takes over, or None if there is none."""
        if name not in self._bodies:
            source = self.catalog.find(name)
            if source is None:
                return None
            self._extending.append(name)
            self._bodies[name] = self.inherited(name, source.body)
            self._extending.pop()
        return self._bodies[name]

    def inherited(self, name: str, own: LocatedMapping) -> Body:
        """Return what a type or group has with all that it takes over; mistakes in `extends` are reported."""
        findings = self._findings
        if "extends" not in own:
            return inherit(name, own, (), (), findings)
        spots = _spots(own, findings)
        found = [self._base(spot, name) for spot in spots]
        bases = [base for base in found if base is not None]
        unknown = len(bases) < len(found) or not found
        order = linearize(bases)
        if order is None:
            self._report_order(bases, own)
            bases, order, unknown = bases[:1], linearize(bases[:1]) or (), True
        return inherit(name, own, bases, order, findings, open=unknown)

    def _base(self, spot: Spot, user: str) -> Body | None:
        """Return what a type has that another one extends, or None after a diagnostic."""
        name = spot.holder[spot.key]
        if not isinstance(name, str) or "${{" in name:
            return None
        if name in IN_PLACE:
            summary = f"`{name}` cannot be extended: it is no type that a file declares"
            spot.error("E205", summary, _INSTEAD.get(name, "name another type"))
            return None
        if name in self._extending:
            members = self._extending[self._extending.index(name) :]
            words = in_circle(members)
            notes = tuple(
                Note(f"`{member}` is declared here", self._place_of(member)) for member in members[:MOST_SHOWN]
            )
            summary = f"a type extends itself: {words}"
            self._findings.error("E404", summary, spot.place, f"remove `{name}` from `extends` of `{user}`", notes)
            return None
        body = self._body(name) if len(self._extending) < MAX_LEVELS else None
        if len(self._extending) >= MAX_LEVELS or (body is not None and len(body.bases) >= MAX_LEVELS):
            summary = f"more than {MAX_LEVELS} types extend each other"
            spot.error("E105", summary, "extend fewer types, or name them side by side")
            return None
        if body is None:
            self.report_unknown(name, spot.place)
        return body

    def _report_order(self, bases: list[Body], own: LocatedMapping) -> None:
        names = [base.name for base in bases]
        place = own.value_place("extends")
        for index, base in enumerate(bases):
            if base.name in names[:index]:
                self._findings.error("E205", f"`{base.name}` is named twice in `extends`", place, "name it once")
                return
            for earlier in names[:index]:
                if earlier in base.bases:
                    summary = f"`{base.name}` extends `{earlier}`, and stands behind it in `extends`"
                    self._findings.error("E205", summary, place, f"remove `{earlier}`")
                    return
        summary = f"{listed(names)} order the types that they extend in different ways"
        self._findings.error("E205", summary, place, "change the order in one of them")

    def report_unknown(self, name: str, place: Place) -> None:
        """Say that there is no such type, unless its file could not be read."""
        catalog, findings = self.catalog, self._findings
        plugin = SHIPPED.get(name)
        if plugin is not None and plugin.role == "service":
            findings.error("E401", f"`{name}` is a service, not a device", place, "write it below `services`")
        elif self._comes_later(name) and not findings.suggest(name, catalog.candidates(name)):
            not_supported(f"the type `{name}`", place, findings)
        elif "${{" in name:
            findings.error("E304", "`type` takes no expressions", place, "write the name of the type")
        elif catalog.is_foreign(name):
            findings.warning(
                "E401", f"`{name}` is in a file that is not checked here", place,
                "validate a beamline that uses both files",
            )  # fmt: skip
        elif not catalog.failed(name):
            known = catalog.candidates(name)
            short = [full for full in known if full.partition(".")[2] == name]
            near = f"did you mean `{short[0]}`?" if short else findings.suggest(name, known)
            findings.error("E401", f"there is no type `{name}`", place, near or f"types: {listed(known)}")

    def _comes_later(self, name: str) -> bool:
        """Return whether a type may belong to a shipped namespace that is not complete yet."""
        return name.partition(".")[0] in LATER_NAMESPACES and not self.catalog.has_namespace(name, shipped=False)

    def is_usable(self, model: TypeModel, entry: LocatedMapping) -> bool:
        """Return whether an entry can be of a type; a type that is abstract is reported."""
        if model.abstract:
            place = entry.value_place("type")
            names = [name for name in self.catalog.names if model.name in getattr(self._body(name), "bases", ())]
            help_text = f"use a type that extends it: {listed(names)}" if names else "declare a type that extends it"
            notes = (Note(f"`{model.name}` is declared here", model.source.place),)
            self._findings.error(
                "E205", f"`{model.name}` is abstract: it can only be extended", place, help_text, notes
            )
        return not model.abstract and not model.body.open

    def _read_params(self, model: TypeModel) -> None:
        failed: set[str] = set()
        for name, definition in model.body.params.items():
            param = declared_param(name, definition.holder, self._findings, TAKEN_BY_INSTANCES, find_options)
            if param is None:
                failed.add(name)
            else:
                model.params[name] = param
        model.failed_params = frozenset(failed)

    def _classify(self, model: TypeModel) -> tuple[set[str], set[str]]:
        """Return the names that decide the structure, and those that formulas read."""
        structural: set[str] = set()
        in_formulas: set[str] = set()
        for definition in (*model.body.members.values(), *model.body.roles.values()):
            block, entry = definition.block, definition.value
            if not isinstance(entry, LocatedMapping):
                structural |= names_in(entry, all_of_them=True)
            elif block in ("signals", "commands"):
                for key, value in entry.items():
                    structural |= names_in(value, all_of_them=key not in ADDRESSES)
            elif block == "children":
                structural |= self._of_child(entry, CHILD_KEYS)
            elif block == "vectors":
                structural |= self._of_child(entry, VECTOR_KEYS) - {"key"}
            elif block == "derived":
                structural |= names_in(entry.without("get", "set", "inputs"), all_of_them=True)
                in_formulas |= _formula_names(entry)
            else:
                structural |= names_in(entry, all_of_them=True)
                in_formulas |= _formula_names(entry)
        return structural, in_formulas

    def _of_child(self, entry: LocatedMapping, own_keys: dict[str, Any]) -> set[str]:
        name = entry.get("type")
        child = self.child_type(name, entry) if isinstance(name, str) else None
        found: set[str] = set()
        for key, value in entry.items():
            decides = key in own_keys or not isinstance(value, str) or (child is not None and child.decides(key))
            found |= names_in(value, all_of_them=decides)
        return found

    def child_type(self, name: str, entry: LocatedMapping) -> TypeModel | None:
        """Return the type of a child; a type that contains itself is reported."""
        if name in self._open:
            members = self._open[self._open.index(name) :]
            words = in_circle(members)
            notes = tuple(
                Note(f"`{member}` is declared here", self._place_of(member)) for member in members[:MOST_SHOWN]
            )
            place = entry.value_place("type")
            self._findings.error("E404", f"a type contains itself: {words}", place, "remove the child", notes)
            self._circular.add(place)
            return None
        model = self.get(name) if len(self._open) < MAX_LEVELS else None
        if len(self._open) >= MAX_LEVELS or (model is not None and model.levels >= MAX_LEVELS):
            place = entry.value_place("type")
            summary = f"more than {MAX_LEVELS} types are nested in each other"
            self._findings.error("E105", summary, place, "use fewer levels of children")
            self._circular.add(place)
            return None
        if model is not None:
            self._levels[-1] = max(self._levels[-1], model.levels + 1)
        return model

    def _declared(self, names: Sequence[str]) -> tuple[Note, ...]:
        return tuple(Note(f"`{name}` is declared here", self._place_of(name)) for name in names[:MOST_SHOWN])

    def _place_of(self, name: str) -> Any:
        source = self.catalog.find(name)
        return None if source is None else source.place


def _spots(own: LocatedMapping, findings: Findings) -> list[Spot]:
    """Return where the names of the bases stand."""
    value = own["extends"]
    if isinstance(value, LocatedList):
        return [Spot(value, index, findings) for index in range(len(value))]
    return [Spot(own, "extends", findings)]


def _formula_names(entry: LocatedMapping) -> set[str]:
    """Return the names in every text below an entry that can be read as a formula."""
    names: set[str] = set()
    waiting: list[Any] = list(entry.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, LocatedMapping):
            waiting.extend(value.values())
        elif isinstance(value, str) and "${{" not in value:
            try:
                names.update(parse_formula(value).names)
            except FormulaError:
                continue
    return names
