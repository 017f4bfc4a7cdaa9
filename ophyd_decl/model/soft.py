"""Initial values of soft signals, which must fit the declared dtype."""

from collections.abc import Mapping
from typing import Any, cast

from ..blueprint import Soft
from ..source.findings import Findings
from ..source.plain import holds_unknown, is_list
from ..source.suggest import listed, suggest
from ..source.tree import UNKNOWN, LocatedMapping
from ..vocab.datatypes import Datatype
from .kinds import shown

_EXPECTED = {"bool": "true or false", "int": "a whole number", "float": "a number", "str": "text"}


def read_initial(value: Any, datatype: Datatype, mapping: LocatedMapping, findings: Findings) -> Soft | None:
    """Return a soft origin, or None after a diagnostic."""
    if datatype.name == "enum" and datatype.choices is None and mapping.get("choices") is not UNKNOWN:
        place = mapping.value_place("dtype")
        findings.error("E127", "a soft enum needs `choices`: no server gives them", place, "add `choices: […]`")
        return None
    if value is None or holds_unknown(value):
        return Soft(None)
    problem = misfit(value, datatype)
    if problem:
        help_text = None
        if datatype.labels is not None and isinstance(value, str):
            help_text = suggest(value, datatype.labels)
        findings.error(
            "E121", problem, mapping.value_place("soft"), help_text or "change the initial value, or `dtype`"
        )
        return None
    return Soft(float(value) if datatype.name == "float" and isinstance(value, int) else value)


def misfit(value: Any, datatype: Datatype) -> str:
    """Return why a value does not fit a dtype, or an empty text."""
    if datatype.name == "enum":
        labels = datatype.labels or ()
        return "" if value in labels or not labels else f"{shown(value)} is not one of {listed(labels)}"
    if datatype.name == "any":
        return ""
    if datatype.name == "table":
        return _table_problem(value, datatype.columns or ())
    if datatype.shape is not None:
        return _array_problem(value, datatype.name, len(datatype.shape))
    return _scalar_problem(value, datatype.name)


def _scalar_problem(value: Any, name: str) -> str:
    name = "str" if name == "enum" else name  # a column of labels
    family = name if name in _EXPECTED else "float" if name.startswith("float") else "int"
    fits = {
        "bool": isinstance(value, bool),
        "int": isinstance(value, int) and not isinstance(value, bool),
        "float": isinstance(value, int | float) and not isinstance(value, bool),
        "str": isinstance(value, str),
    }[family]
    return "" if fits else f"expected {_EXPECTED[family]}, got {shown(value)}"


def _table_problem(value: Any, columns: tuple[tuple[str, str], ...]) -> str:
    names = [name for name, _ in columns]
    table = cast(Mapping[str, Any], value) if isinstance(value, Mapping) else None
    if table is None or list(table) != names:
        got = shown(value) if table is None else listed(table)
        return f"expected a mapping with the columns {listed(names)}, in this order, got {got}"
    problems = (_array_problem(table[name], dtype, 1) for name, dtype in columns)
    wrong = next((f"column `{name}`: {said}" for name, said in zip(names, problems, strict=True) if said), "")
    if wrong or len({len(column) for column in table.values()}) <= 1:
        return wrong
    return f"columns of different lengths: {listed([f'{name} {len(table[name])}' for name in names])}"


def _array_problem(value: Any, name: str, dimensions: int) -> str:
    if not is_list(value):
        return f"expected a list, got {shown(value)}"
    for item in value:
        problem = _array_problem(item, name, dimensions - 1) if dimensions > 1 else _scalar_problem(item, name)
        if problem:
            return problem
    return ""
