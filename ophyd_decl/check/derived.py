"""Derived signals: their inputs and targets exist, their formulas use known names, and none depends on itself."""

from collections.abc import Mapping
from typing import Any

from ..blueprint import Derived, Reference, SignalShape
from ..formula import Formula
from ..model.kinds import Spot
from ..source.ordering import in_order_of_need
from ..source.suggest import in_circle
from ..source.tree import LocatedMapping
from ..vocab.names import is_identifier
from .formulas import check_formula, tables_in, with_constants, without_tables
from .references import Lookup
from .requirement import Requirement

_INPUT = Requirement("value", readable=True)
_TARGET = Requirement("value", writable=True)
#: An input of a table of positions.
_MOVED = Requirement("value", readable=True, writable=True)
VALUE = "value"


def read_formulas(mapping: LocatedMapping, lookup: Lookup, constants: Mapping[str, Any]) -> Derived | None:
    """Return what a derived signal computes, or None after diagnostics.

    :param constants: params whose values are known now, to be put into the formulas.
    """
    findings = lookup.findings
    before = findings.error_count
    if "positions" in mapping:
        inputs = _inputs(mapping["inputs"], lookup, _MOVED)
        return Derived("", (), tuple(inputs), ()) if findings.error_count == before else None
    inputs = _inputs(mapping["inputs"], lookup, _INPUT)
    names = set(mapping["inputs"])
    params = [name for name in {**lookup.params, **constants} if name not in names]
    fixed = {name: value for name, value in constants.items() if name in params and name != VALUE}
    fixed = without_tables(fixed, lookup.params)
    tables = [name for name in tables_in(lookup.params, constants) if name not in names]
    get = _formula(mapping, "get", (*mapping["inputs"], *params), lookup, params, tables)
    targets: list[tuple[Reference, str]] = []
    used = set(get.names) if get is not None else set[str]()
    wanted: Any = mapping.get("set")
    if isinstance(wanted, LocatedMapping):
        for path in wanted:
            found = lookup.path(path, wanted.key_place(path), _TARGET)
            formula = _formula(wanted, path, (VALUE, *mapping["inputs"], *params), lookup, params, tables)
            if found is not None and formula is not None:
                targets.append((found[0], with_constants(str(wanted[path]), fixed)))
                used.update(formula.names)
    if findings.error_count != before or get is None:
        return None
    free = [name for name in lookup.params if name in used and name in params and name not in fixed]
    return Derived(with_constants(str(mapping["get"]), fixed), tuple(targets), tuple(inputs), tuple(free))


def _inputs(mapping: LocatedMapping, lookup: Lookup, wanted: Requirement) -> list[tuple[str, Reference]]:
    inputs: list[tuple[str, Reference]] = []
    for name, path in mapping.items():
        spot = Spot(mapping, name, lookup.findings)
        if not is_identifier(name) or name == VALUE:
            place = mapping.key_place(name)
            problem = "stands for the value that is set" if name == VALUE else "is no name"
            lookup.findings.error("E407", f"the input `{name}` {problem}", place, "rename the input")
            continue
        found = lookup.reference(path, spot, wanted)
        if found is not None:
            inputs.append((name, found[0]))
    return inputs


def _formula(
    mapping: LocatedMapping, key: str, names: tuple[str, ...], lookup: Lookup, params: list[str], tables: list[str]
) -> Formula | None:
    what = "inputs and params" if params else "inputs"
    return check_formula(str(mapping[key]), Spot(mapping, key, lookup.findings), names, what=what, tables=tables)


def report_cycles(derived: Mapping[str, tuple[SignalShape, LocatedMapping]], lookup: Lookup) -> None:
    """Report each circle of derived signals of one device, at the input that closes it first in the file."""
    inputs = {
        name: {str(reference.path[0]): alias for alias, reference in shape.origin.inputs if reference.base == "device"}
        for name, (shape, _) in derived.items()
        if isinstance(shape.origin, Derived)
    }
    _, circles = in_order_of_need({name: list(others) for name, others in inputs.items()})
    for circle in circles:
        mapping = derived[circle[0]][1]["inputs"]
        members = in_circle(circle)
        place = mapping.value_place(inputs[circle[0]][circle[1 % len(circle)]])
        lookup.findings.error("E404", f"derived signals depend on each other: {members}", place, "remove one input")
