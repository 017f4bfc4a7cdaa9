"""A table of named positions: what each input of a derived signal has at each of them."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from ..blueprint import Derived, NamedPosition
from ..errors import Note, Place
from ..source.findings import Findings
from ..source.plain import is_mapping
from ..source.suggest import listed
from ..source.tree import UNKNOWN, LocatedMapping
from ..vocab.names import BETWEEN
from .kinds import FAILED, Kind, Number, Spot, shown

#: Tables are compared row by row, so they must not be endless.
MAX_POSITIONS = 1000


class Target(Kind):
    """What one axis is told at a position: a number, text, or true or false."""

    expected = "a number, text, or true or false"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value, or `FAILED` after a diagnostic."""
        if value is UNKNOWN or (isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value))):
            return value
        return self.refuse(value, spot)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": ["number", "string", "boolean"]}


class Tolerances(Kind):
    """How far an axis may be from a position: a number for all, or one for each input."""

    expected = "a number, or a mapping from an input to a number"
    _number = Number(ge=0)

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the number or mapping, or `FAILED` after a diagnostic."""
        if isinstance(value, LocatedMapping):
            items = {key: self._number.read(item, spot.below(value, key)) for key, item in value.items()}
            return FAILED if FAILED in items.values() else items
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number.read(value, spot)
        return value if value is UNKNOWN else self.refuse(value, spot)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        number = self._number.schema()
        return {"anyOf": [number, {"type": "object", "additionalProperties": number}]}


def check_rows(mapping: LocatedMapping, findings: Findings) -> None:
    """Report what is wrong with the names in the table of a derived signal, whatever its values are."""
    rows, inputs = mapping["positions"], mapping.get("inputs")
    if not isinstance(rows, LocatedMapping) or not isinstance(inputs, LocatedMapping):
        return
    if not 0 < len(rows) <= MAX_POSITIONS:
        Spot(mapping, "positions", findings).error(
            "E123", f"{len(rows)} positions; from 1 to {MAX_POSITIONS} are expected", "name them: `in: {x: 1.5}`"
        )
    for name, row in rows.items():
        if name in ("", BETWEEN):
            summary = f"{shown(name)} is no name of a position" + (", it says that it is at none" if name else "")
            findings.error("E406", summary, rows.key_place(name), "rename it")
        if isinstance(row, LocatedMapping):
            _check_row(name, row, rows, tuple(inputs), findings)


def read_positions(values: Mapping[str, Any], mapping: LocatedMapping, findings: Findings) -> Derived | None:
    """Return what the table of a derived signal says, with its inputs not looked up; None after diagnostics.

    :param values: of the keys of the signal, those that are sound.
    """
    table: Any = values.get("positions")
    inputs = tuple(mapping["inputs"])
    if table is UNKNOWN or UNKNOWN in (*table.values(), values.get("tolerance")):
        return Derived("", (), (), ())
    rows: LocatedMapping = mapping["positions"]
    before = findings.error_count
    tolerances = _tolerances(values.get("tolerance"), table, mapping, findings)
    if findings.error_count != before:
        return None
    _check_apart(table, tolerances, rows, findings)
    if findings.error_count != before:
        return None
    positions = tuple(NamedPosition(name, tuple((key, row[key]) for key in inputs)) for name, row in table.items())
    return Derived("", (), (), (), positions, tuple(tolerances.items()), values.get("order") == "in_turn")


def _check_row(
    name: str, row: LocatedMapping, rows: LocatedMapping, inputs: tuple[str, ...], findings: Findings
) -> None:
    """Report what a position says of an axis that there is not, and of which axis it says nothing."""
    for key in row:
        if key not in inputs:
            help_text = findings.suggest(key, inputs) or f"the inputs are {listed(inputs, 20)}"
            findings.error("E402", f"the position `{name}` names no input `{key}`", row.key_place(key), help_text)
    for key in inputs:
        if key not in row and not findings.is_misspelt(key, row, inputs):
            summary = f"the position `{name}` says nothing of the input `{key}`"
            findings.error("E111", summary, rows.key_place(name), f"add `{key}:`, where it is there")


def _tolerances(
    wanted: Any, table: Mapping[str, Mapping[str, Any]], mapping: LocatedMapping, findings: Findings
) -> dict[str, float]:
    """Return the tolerance of each axis that has a number somewhere."""
    inputs = tuple(mapping["inputs"])
    numeric = [key for key in inputs if any(_is_number(row[key]) for row in table.values())]
    given: dict[str, float] = {}
    if is_mapping(wanted):
        given.update(wanted)
        for key in given:
            if key not in inputs:
                help_text = findings.suggest(key, inputs) or f"the inputs are {listed(inputs, 20)}"
                place = mapping["tolerance"].key_place(key)
                findings.error("E402", f"`tolerance` names no input `{key}`", place, help_text)
    elif wanted is not None:
        given.update((key, float(wanted)) for key in numeric)
    missing = [key for key in numeric if key not in given]
    if missing and all(key in inputs for key in given):
        place: Place = mapping.key_place("tolerance" if "tolerance" in mapping else "positions")
        summary = f"how near {listed(missing)} must be to be at a position is not said"
        findings.error("E111", summary, place, "add `tolerance:`, a number, or one for each input")
    return {key: float(given[key]) for key in numeric if key in given}


def _check_apart(
    table: Mapping[str, Mapping[str, Any]], tolerances: Mapping[str, float], rows: LocatedMapping, findings: Findings
) -> None:
    """Report positions that hold at the same place."""
    for first, second in _neighbours(table, tolerances):
        if all(_meet(first[1][key], second[1][key], tolerances.get(key, 0.0)) for key in first[1]):
            earlier, later = sorted((first[0], second[0]), key=list(table).index)
            summary = f"`{later}` and `{earlier}` cannot be told apart: every input is within twice its tolerance"
            note = Note(f"`{earlier}` is here", rows.key_place(earlier))
            findings.error("E123", summary, rows.key_place(later), "lower `tolerance`, or remove one", (note,))


_Row = tuple[str, Mapping[str, Any]]


def _neighbours(table: Mapping[str, Mapping[str, Any]], tolerances: Mapping[str, float]) -> Iterator[tuple[_Row, _Row]]:
    """Yield the pairs of positions that the first axis of numbers does not tell apart."""
    first = next((key for key in tolerances if all(_is_number(row[key]) for row in table.values())), None)
    ordered = sorted(table.items(), key=lambda item: 0.0 if first is None else item[1][first])
    for index, low in enumerate(ordered):
        for high in ordered[index + 1 :]:
            if first is not None and not _meet(low[1][first], high[1][first], tolerances[first]):
                break
            yield low, high


def _meet(one: Any, other: Any, tolerance: float) -> bool:
    if _is_number(one) and _is_number(other):
        return abs(one - other) <= 2 * tolerance
    return one == other


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
