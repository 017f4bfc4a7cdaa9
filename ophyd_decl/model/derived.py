"""A derived signal of the language: its keys; names and paths in it are looked up by `check`."""

from typing import Any

from ..errors import Place
from ..source.suggest import listed
from ..source.tree import LocatedMapping
from ..vocab.datatypes import Datatype
from .blocks import RESERVED, Block, Key
from .datatypes import read_datatype
from .kinds import Kind, MapOf, Spot, Text, Word, shown
from .positions import Target, Tolerances, check_rows
from .signals import COMMON_KEYS, Surroundings


class FormulaText(Kind):
    """A formula: an expression without braces."""

    expected = "a formula"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the text of a formula."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        return value if isinstance(value, str) else self.refuse(value, spot)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": ["string", "number"]}


_NOT_DERIVED = ("timeout", "retries", "wait", "verify", "poll", "events", "expect", "connector", "optional", "restore")
DERIVED = Block(
    "a derived signal",
    {
        "inputs": Key(
            MapOf(Text(), expected="a mapping from a name to a path"),
            "names in the formulas, and the paths of the signals or movables that they read",
            required=True,
        ),
        "get": Key(FormulaText(), "formula of the value, over the inputs and params"),
        "set": Key(
            MapOf(FormulaText(), expected="a mapping from a path to a formula"),
            "what is set to which formula, over `value`, the inputs and params",
        ),
        "positions": Key(
            MapOf(MapOf(Target(), expected="a mapping from an input to a value"), expected="a mapping from a name"),
            "in the place of `get` and `set`: names, and what each input is there",
        ),
        "tolerance": Key(Tolerances(), "how far an input may be from a position, in its unit: for all, or for each"),
        "order": Key(
            Word("together", "in_turn"),
            "whether a set moves all inputs at once, or each after the one before",
            "together",
        ),
        **{name: key for name, key in COMMON_KEYS.items() if name not in _NOT_DERIVED},
    },
    RESERVED,
)


def read_derived(mapping: LocatedMapping, owner: Place, around: Surroundings) -> tuple[dict[str, Any], Datatype] | None:
    """Return the values of a derived signal and its declared type, or None after diagnostics."""
    findings = around.findings
    before = findings.error_count
    values = DERIVED.read(mapping, findings, owner)
    datatype = read_datatype(values, mapping, findings, owner)
    _check_ways(mapping, owner, around)
    writable = values.get("access", "r") != "r"
    if writable and not is_set(mapping):
        place = mapping.value_place("access")
        findings.error(
            "E115", f"`access: {shown(values['access'])}` needs `set`", place, "add `set`, or remove `access`"
        )
    if not mapping.get("inputs") and isinstance(mapping.get("inputs"), LocatedMapping):
        place = mapping.value_place("inputs")
        findings.error("E123", "at least one input is expected", place, f"name what it reads; got {listed([])}")
    if "positions" in mapping and datatype is not None and (datatype.name, datatype.shape) != ("str", None):
        place = mapping.value_place("dtype")
        findings.error("E127", "the value of a table of positions is a name", place, "write `dtype: str`")
    if findings.error_count != before or datatype is None:
        return None
    return values, datatype


def is_set(mapping: LocatedMapping) -> bool:
    """Return whether a derived signal says what a set of it does."""
    return "set" in mapping or "positions" in mapping


def _check_ways(mapping: LocatedMapping, owner: Place, around: Surroundings) -> None:
    """Report a signal that is neither computed by formulas nor by a table, or by both."""
    findings = around.findings
    if "positions" in mapping:
        for name in ("get", "set"):
            if name in mapping:
                place = mapping.key_place(name)
                findings.error("E115", f"`{name}` and `positions` exclude each other", place, f"remove `{name}`")
        check_rows(mapping, findings)
        return
    if "get" not in mapping and not findings.is_misspelt("get", mapping, DERIVED.keys):
        help_text = "add `get:`, formula of the value, over the inputs and params"
        findings.error("E111", "`get` is missing in a derived signal", owner, help_text)
    for name in ("tolerance", "order"):
        if name in mapping:
            place = mapping.key_place(name)
            findings.error("E115", f"`{name}` needs `positions`", place, f"add `positions`, or remove `{name}`")
