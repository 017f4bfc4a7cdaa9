"""Types that were read: their params, and which of them decide the structure of a device.

A param is structural when anything but plain joining into an address, or into a param of a child that is not
structural itself, uses it. Devices whose structural params agree share one shape.
"""

from dataclasses import dataclass, field
from typing import Any

from ..check.formulas import parse_formula
from ..errors import Note
from ..formula import FormulaError
from ..model.kinds import shown
from ..model.params import ParamModel, read_param
from ..model.types import CHILD_KEYS, STRUCTURE, TAKEN_BY_INSTANCES, TYPE, VECTOR_KEYS
from ..resolve.bodies import ADDRESSES, names_in
from ..resolve.catalog import Catalog, TypeSource
from ..resolve.scope import refuse_expressions
from ..source import Findings, LocatedMapping
from ..vocab.names import is_identifier


@dataclass(slots=True)
class TypeModel:
    """A type, ready to be used.

    :param structural: params whose values decide the structure.
    :param in_formulas: params that formulas read.
    :param sound: its own keys and params are; members are checked when its shape is built.
    """

    source: TypeSource
    doc: str = ""
    protocol: str | None = None
    params: dict[str, ParamModel] = field(default_factory=dict[str, ParamModel])
    structural: frozenset[str] = frozenset()
    in_formulas: frozenset[str] = frozenset()
    failed_params: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Return the full name."""
        return self.source.name


class TypeBook:
    """Reads types when they are needed, each once."""

    def __init__(self, catalog: Catalog, findings: Findings) -> None:
        self.catalog = catalog
        self._findings = findings
        self._models: dict[str, TypeModel | None] = {}
        self._open: list[str] = []
        self._circular: set[int] = set()

    def is_circular(self, entry: LocatedMapping) -> bool:
        """Return whether an entry was refused because its type contains itself."""
        return id(entry) in self._circular

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
        model = TypeModel(source, values.get("doc", "").strip(), values.get("protocol"))
        self._read_params(model, values.get("params"))
        self._models[source.name] = model
        self._open.append(source.name)
        structural, in_formulas = self._classify(model)
        self._open.pop()
        model.structural = frozenset(structural & model.params.keys())
        model.in_formulas = frozenset(in_formulas & model.params.keys())
        return model

    def _read_params(self, model: TypeModel, params: LocatedMapping | None) -> None:
        findings = self._findings
        failed: set[str] = set()
        if params is None:
            return
        for name, body in params.items():
            place = params.key_place(name)
            if not is_identifier(name):
                findings.error("E407", f"`{name}` is no name for a param", place, "use letters, digits and `_`")
            elif name in TAKEN_BY_INSTANCES:
                summary = f"every device has a key `{name}`, so no param can have this name"
                findings.error("E406", summary, place, f"rename it to `{name}_`")
            elif not isinstance(body, LocatedMapping):
                summary = f"expected a mapping, got {shown(body)}"
                findings.error("E120", summary, params.value_place(name), f"write `{name}: {{type: str}}`")
            else:
                refuse_expressions(body, findings, "a param")
                param = read_param(name, body, place, findings)
                if param is not None:
                    model.params[name] = param
                    continue
            failed.add(name)
        model.failed_params = frozenset(failed)

    def _classify(self, model: TypeModel) -> tuple[set[str], set[str]]:
        """Return the names that decide the structure, and those that formulas read."""
        structural: set[str] = set()
        in_formulas: set[str] = set()
        for block, body in model.source.body.items():
            if not isinstance(body, LocatedMapping):
                continue
            for entry in body.values():
                if not isinstance(entry, LocatedMapping):
                    continue
                if block in ("signals", "commands"):
                    for key, value in entry.items():
                        structural |= names_in(value, all_of_them=key not in ADDRESSES)
                elif block == "children":
                    structural |= self._of_child(entry, CHILD_KEYS)
                elif block == "vectors":
                    structural |= self._of_child(entry, VECTOR_KEYS) - {"key"}
                elif block == "derived":
                    rest = entry.without("get", "set", "inputs")
                    structural |= names_in(rest, all_of_them=True)
                    in_formulas |= _formula_names(entry)
                elif block == "logic":
                    structural |= names_in(entry, all_of_them=True)
                    in_formulas |= _formula_names(entry)
        return structural, in_formulas

    def _of_child(self, entry: LocatedMapping, own_keys: dict[str, Any]) -> set[str]:
        name = entry.get("type")
        child = self.child_type(name, entry) if isinstance(name, str) else None
        found: set[str] = set()
        for key, value in entry.items():
            decides = key in own_keys or not isinstance(value, str) or (child is not None and key in child.structural)
            found |= names_in(value, all_of_them=decides)
        return found

    def child_type(self, name: str, entry: LocatedMapping) -> TypeModel | None:
        """Return the type of a child; a type that contains itself is reported."""
        if name in self._open:
            members = self._open[self._open.index(name) :]
            words = " → ".join(f"`{member}`" for member in (*members, name))
            notes = tuple(Note(f"`{member}` is declared here", self._place_of(member)) for member in members)
            place = entry.value_place("type")
            self._findings.error("E404", f"a type contains itself: {words}", place, "remove the child", notes)
            self._circular.add(id(entry))
            return None
        return self.get(name)

    def _place_of(self, name: str) -> Any:
        source = self.catalog.find(name)
        return None if source is None else source.place


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
