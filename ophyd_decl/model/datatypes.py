"""The declared type of a signal: `dtype`, `shape`, `choices`, `match`, `columns`, and whether they go together."""

from functools import lru_cache
from typing import Any

from ..errors import Place
from ..source.findings import Findings
from ..source.suggest import listed, suggest
from ..source.tree import UNKNOWN, LocatedList, LocatedMapping
from ..vocab.datatypes import NUMPY_WIDTHS, SCALAR_NAMES, Choice, Datatype
from .blocks import Block, Key
from .kinds import FAILED, Kind, Spot, Word, shown

TABLE = "table"
MATCHES = ("exact", "subset", "superset")
DTYPES = (*SCALAR_NAMES, *NUMPY_WIDTHS, TABLE)
_COLUMN_DTYPES = ("bool", "str", "enum", *NUMPY_WIDTHS)
#: dtypes that limits and a precision make sense for.
NUMERIC = ("int", "float", "any", *NUMPY_WIDTHS)


class ShapeOf(Kind):
    """The size of each dimension of an array; null where any will do."""

    expected = "a list of sizes"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return a tuple of sizes."""
        if value is UNKNOWN:
            return value
        if not isinstance(value, LocatedList) or not value:
            return spot.error("E120", f"expected a list of sizes, got {shown(value)}", "write `[null]` for any length")
        sizes: list[Any] = []
        for index, size in enumerate(value):
            item = spot.below(value, index)
            if size is None or size is UNKNOWN:
                sizes.append(size)
            elif isinstance(size, bool) or not isinstance(size, int):
                sizes.append(item.error("E121", f"expected a size or null, got {shown(size)}", "write a whole number"))
            elif size < 1:
                sizes.append(item.error("E123", f"{size} is too small, at least 1 is expected", "write the size"))
            else:
                sizes.append(size)
        return FAILED if FAILED in sizes else tuple(sizes)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        size: list[dict[str, Any]] = [{"type": "integer", "minimum": 1}, {"type": "null"}]
        return {"type": "array", "minItems": 1, "items": {"anyOf": size}}


class Label(Kind):
    """One label; a number without quotes is a mistake."""

    expected = "text"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the label."""
        if isinstance(value, str) or value is UNKNOWN:
            return value
        if isinstance(value, bool | int | float):
            return spot.error("E125", f"the label {shown(value)} is not text", f'put it in quotes: "{shown(value)}"')
        return spot.error("E125", f"a label must be text, got {shown(value)}", "write a text in quotes")

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string"}


class Choices(Kind):
    """Labels of an enum: a list, or a mapping from the label used here to the labels that a server may show."""

    expected = "a list of labels"
    _label = Label()

    def read(self, value: Any, spot: Spot) -> Any:
        """Return a tuple of `Choice`."""
        if value is UNKNOWN:
            return value
        if isinstance(value, LocatedMapping):
            found = self._mapped(value, spot)
        elif isinstance(value, LocatedList):
            seen: set[str] = set()
            labels = [self._served(item, spot.below(value, index), seen) for index, item in enumerate(value)]
            found = [label if label is FAILED or label is UNKNOWN else Choice(label, (label,)) for label in labels]
        else:
            return spot.error("E120", f"expected a list of labels, got {shown(value)}", "write `[Off, On]`")
        if not found:
            return spot.error("E123", "at least one label is expected", "write the labels, or leave `choices` out")
        if FAILED in found:
            return FAILED
        return UNKNOWN if UNKNOWN in found else tuple(found)

    def _mapped(self, value: LocatedMapping, spot: Spot) -> list[Any]:
        found: list[Any] = []
        seen: set[str] = set()
        for label, served in value.items():
            if value.odd_keys and label in value.odd_keys:
                place = value.key_place(label)
                spot.findings.error("E125", f"the label {label} is not text", place, f'put it in quotes: "{label}"')
            inner = spot.below(value, label)
            labels: list[Any]
            if isinstance(served, LocatedList):
                labels = [self._served(item, inner.below(served, index), seen) for index, item in enumerate(served)]
                if not labels:
                    labels = [inner.error("E123", "at least one label is expected", "write what the server shows")]
            else:
                labels = [self._served(served, inner, seen)]
            if FAILED in labels:
                found.append(FAILED)
            else:
                found.append(UNKNOWN if UNKNOWN in labels else Choice(label, tuple(labels)))
        return found

    def _served(self, value: Any, spot: Spot, seen: set[str]) -> Any:
        """Return a label that a server may show; each stands once, as a server's repeated ones read as `#3`."""
        label = self._label.read(value, spot)
        if label is FAILED or label is UNKNOWN:
            return label
        if not label:
            return spot.error("E125", "a label is empty", "write `#` and its index, which is how it is read: `#3`")
        if label in seen:
            help_text = "remove one; what the server repeats is written as `#` and its index: `#3`"
            return spot.error("E405", f"the label {shown(label)} is repeated", help_text)
        seen.add(label)
        return label

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        text = {"type": "string"}
        served = {"anyOf": [text, {"type": "array", "items": text}]}
        return {"anyOf": [{"type": "array", "items": text}, {"type": "object", "additionalProperties": served}]}


class Columns(Kind):
    """Columns of a table and their dtypes."""

    expected = "a mapping from column to dtype"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return a tuple of names and dtypes."""
        if value is UNKNOWN:
            return value
        if not isinstance(value, LocatedMapping) or not value:
            return spot.error("E120", f"expected a mapping, got {shown(value)}", "write `{position: float64}`")
        columns: list[Any] = []
        for name, dtype in value.items():
            if dtype is UNKNOWN or dtype in _COLUMN_DTYPES:
                columns.append((name, dtype))
                continue
            help_text = suggest(str(dtype), _COLUMN_DTYPES) or f"use one of {listed(_COLUMN_DTYPES, 20)}"
            columns.append(spot.below(value, name).error("E122", f"{shown(dtype)} is no dtype of a column", help_text))
        return FAILED if FAILED in columns else tuple(columns)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "object", "minProperties": 1, "additionalProperties": {"enum": list(_COLUMN_DTYPES)}}


ARGUMENT = Block(
    "the type of an argument",
    {
        "dtype": Key(Word(*DTYPES), "type of the value", required=True),
        "shape": Key(ShapeOf(), "size of each dimension, null where any will do"),
        "choices": Key(Choices(), "labels of an enum, or a mapping from a label to those that a server may show"),
        "match": Key(Word(*MATCHES), "how `choices` and the server's labels must agree", "exact"),
        "columns": Key(Columns(), "columns of a table and their dtypes"),
    },
)


class ArgumentType(Kind):
    """What a command takes or returns: a dtype, or a mapping with `dtype` and what goes with it."""

    expected = "a dtype, or a mapping with `dtype`"
    _word = Word(*DTYPES)
    _alone = Word(*(name for name in DTYPES if name != TABLE))

    def read(self, value: Any, spot: Spot) -> Any:
        """Return a `Datatype`."""
        if not isinstance(value, LocatedMapping):
            word = self._word.read(value, spot)
            if word == TABLE:
                help_text = "write `{dtype: table, columns: {name: dtype}}`"
                return spot.error("E111", "`columns` is missing in a table", help_text)
            return word if word is FAILED or word is UNKNOWN else Datatype(word)
        before = spot.findings.error_count
        values = ARGUMENT.read(value, spot.findings, spot.place)
        datatype = read_datatype(values, value, spot.findings, spot.place)
        return FAILED if datatype is None or spot.findings.error_count != before else datatype

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"anyOf": [self._alone.schema(), ARGUMENT.schema()]}


def read_datatype(values: dict[str, Any], mapping: LocatedMapping, findings: Findings, owner: Place) -> Datatype | None:
    """Return the declared type, or None after diagnostics.

    :param values: what is sound of `dtype`, `shape`, `choices`, `match` and `columns`.
    :param owner: the key that holds the signal.
    """
    name = values.get("dtype")
    if name is None:
        return None
    if name is UNKNOWN:
        return Datatype("any")
    before = findings.error_count
    _check_companions(name, mapping, findings, owner)
    if findings.error_count != before or any(
        key in mapping and key not in values for key in ("shape", "choices", "match", "columns")
    ):
        return None
    known = {key: value for key, value in values.items() if value is not UNKNOWN}
    return _shared(name, known.get("shape"), known.get("choices"), known.get("match", "exact"), known.get("columns"))


#: One object for all signals of a type: what connects many of them finds it sooner.
_shared = lru_cache(256)(Datatype)


def _check_companions(name: str, mapping: LocatedMapping, findings: Findings, owner: Place) -> None:
    def refuse(key: str, why: str, help_text: str) -> None:
        if key in mapping:
            findings.error("E127", why, mapping.key_place(key), help_text)

    if name not in NUMPY_WIDTHS and name != "str":
        wide = {"int": "int64", "float": "float64", "bool": "uint8"}.get(name)
        help_text = f"write `dtype: {wide}`" if wide else "remove `shape`"
        refuse("shape", f"`shape` does not go with dtype `{name}`", help_text)
    if name != "enum":
        refuse("choices", f"`choices` does not go with dtype `{name}`", "write `dtype: enum`")
    if name != "enum" or "choices" not in mapping:
        refuse("match", "`match` compares `choices`, and there are none", "add `choices`, or remove `match`")
    if name != TABLE:
        refuse("columns", f"`columns` does not go with dtype `{name}`", "write `dtype: table`")
    elif "columns" not in mapping:
        findings.error("E111", "`columns` is missing in a table", owner, "add `columns: {name: dtype}`")
    if name not in NUMERIC:
        refuse("limits", f"`limits` does not go with dtype `{name}`", "remove `limits`")
    if name not in ("float", "any", "float32", "float64"):
        refuse("precision", f"`precision` does not go with dtype `{name}`", "remove `precision`")
