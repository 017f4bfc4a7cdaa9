"""Tables: named columns of one length, each an array of numbers or of text."""

from collections.abc import Mapping
from typing import Any, cast

from ...errors import MismatchError
from ...vocab.datatypes import Datatype, NativeType
from .arrays import array_conversion
from .parts import Conversion, Outcome, WireTraits, bad_value, mismatch, unreadable

_ANY_LENGTH = (None,)


def table_conversion(datatype: Datatype, native: NativeType) -> Outcome:
    """Return the conversion for `table`; declared columns must be the served ones, in the same order."""
    if datatype.name != "table" or native.kind != "table":
        return mismatch(datatype, native, "only a table can be declared as `table`")
    declared = datatype.columns if datatype.columns is not None else native.columns
    served = dict(native.columns)
    if [name for name, _ in declared] != list(served):
        return MismatchError("the columns differ", expected=_names(declared), found=_names(native.columns))
    columns: dict[str, Conversion] = {}
    for name, dtype in declared:
        kind = _column_type(served[name])
        conversion = array_conversion(Datatype(dtype, _ANY_LENGTH), kind, WireTraits())
        if isinstance(conversion, MismatchError):
            conversion.problem = f"column `{name}`: {conversion.problem}"
            return conversion
        columns[name] = conversion

    def to_python(raw: Any) -> dict[str, Any]:
        table = {name: column.to_python(raw[name]) for name, column in columns.items()}
        if len({len(column) for column in table.values()}) > 1:
            raise unreadable("columns of different lengths", {n: len(c) for n, c in table.items()}, str(datatype))
        return table

    def to_native(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping) or list(cast(Mapping[str, Any], value)) != list(columns):
            raise bad_value("not a mapping of the declared columns", value, _names(declared))
        table = {name: column.to_native(value[name]) for name, column in columns.items()}
        if len({len(column) for column in table.values()}) > 1:
            raise bad_value("columns of different lengths", {n: len(c) for n, c in table.items()}, _names(declared))
        return table

    return Conversion(to_python, to_native, [[name, column.dtype_numpy] for name, column in columns.items()])


def _column_type(name: str) -> NativeType:
    if name == "str":
        return NativeType("str", shape=_ANY_LENGTH)
    if name == "bool":
        return NativeType("bool", "bool", _ANY_LENGTH)
    return NativeType("float" if name.startswith("float") else "int", name, _ANY_LENGTH)


def _names(columns: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{name}: {dtype}" for name, dtype in columns)
