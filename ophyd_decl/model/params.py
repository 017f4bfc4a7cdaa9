"""Params of a type: how they are declared, and a fast check of the values that instances give.

The check runs once for each param of each device, so it is plain Python without intermediate objects; only a mistake
costs more.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..blueprint import Reference
from ..errors import Note, Place
from ..source.findings import Findings
from ..source.plain import holds_unknown, plain
from ..source.suggest import listed, suggest
from ..source.tree import UNKNOWN, LocatedList, LocatedMapping
from .addresses import FORMS
from .blocks import Block, Key
from .kinds import FAILED, Anything, Failed, ListOf, Number, Spot, Text, Word, shown
from .macros import has_macro, report_macro
from .patterns import MOST_MATCHED, PatternError, compile_pattern

PARAM_TYPES = ("str", "int", "float", "bool", "list", "map", "ref", "options")
TARGETS = ("device", "signal", "service", "movable", "triggerable", "detector", "flyer")
PARAM = Block(
    "a param",
    {
        "type": Key(Word(*PARAM_TYPES), "type of its value", required=True),
        "of": Key(
            Text(), "type of the items of a list or map: `str`, `int`, `float` or `bool`; or the plugin of `options`"
        ),
        "to": Key(
            Word(*TARGETS), "what a reference must lead to: `device`, `signal`, `service`, or a role such as `movable`"
        ),
        "choices": Key(ListOf(Anything(), least=1), "the values that are allowed"),
        "default": Key(Anything(), "value where an instance gives none; without it the param is required"),
        "ge": Key(Number(), "least value"),
        "gt": Key(Number(), "the value is more than this"),
        "le": Key(Number(), "largest value"),
        "lt": Key(Number(), "the value is less than this"),
        "pattern": Key(Text(), "regular expression that the whole text matches"),
        "doc": Key(Text(), "what it is, with its unit"),
    },
)
_ITEMS = Word("str", "int", "float", "bool")
_MISSING = object()
#: Checks the options that a value gives to a plugin, and returns them as plain data or `FAILED`.
OptionsReader = Callable[[LocatedMapping, "Spot"], Any]
#: Returns the reader for the plugin that is named at a spot, or None after a diagnostic.
OptionsFinder = Callable[[str, "Spot"], OptionsReader | None]
_CLASSES: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "float": (int, float),
    "bool": bool,
    "list": LocatedList,
    "map": LocatedMapping,
    "options": LocatedMapping,
}
_EXPECTED = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "map": "a mapping",
    "options": "a mapping of options",
    "ref": "a reference: `{ref: PATH}`",
}


@dataclass(slots=True)
class ParamModel:
    """One declared param.

    :param place: its key in the file of the type.
    """

    name: str
    type: str
    place: Place
    default: Any = _MISSING
    of: str | None = None
    to: str | None = None
    choices: tuple[Any, ...] | None = None
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    pattern: "re.Pattern[str] | None" = None
    doc: str = ""
    #: any text without a `$` is right.
    plain_text: bool = False
    #: addresses are made from it, so that its values have a form.
    report_form: Callable[[str, Spot], Failed | None] | None = None
    read_options: OptionsReader | None = None

    @property
    def required(self) -> bool:
        """Return whether an instance must give a value."""
        return self.default is _MISSING

    @property
    def bounded(self) -> bool:
        """Return whether more than the type of a value is checked."""
        return any(
            fact is not None for fact in (self.of, self.choices, self.ge, self.gt, self.le, self.lt, self.pattern)
        )

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value that an instance gives, or `FAILED` after a diagnostic."""
        if value is UNKNOWN or isinstance(value, Reference):
            return value
        kind = self.type
        if kind == "ref":
            return self._refuse(value, spot)
        if not isinstance(value, _CLASSES[kind]) or (kind in ("int", "float") and isinstance(value, bool)):
            return self._refuse(value, spot)
        if has_macro(value) and report_macro(value, spot) is not None:
            return FAILED
        if self.bounded and not self._within_bounds(value, spot):
            return FAILED
        if self.report_form is not None and self.report_form(value, spot) is not None:
            return FAILED
        if kind == "float" and isinstance(value, int):
            return float(value)
        if self.read_options is not None:
            with spot.findings.within(Note(f"`{self.name}` is declared here", self.place)):
                found = self.read_options(value, spot)
            return UNKNOWN if found is not FAILED and holds_unknown(value) else found
        if kind in ("list", "map"):
            return UNKNOWN if holds_unknown(value) else plain(value)
        return value

    def _refuse(self, value: Any, spot: Spot) -> Any:
        expected = _EXPECTED[self.type]
        if self.type == "str" and isinstance(value, int | float):
            help_text = f'put it in quotes: "{shown(value)}"'
        elif self.type == "str":
            help_text = "write one text"
        elif self.type == "ref" and isinstance(value, str):
            help_text = f"write {{ref: {value}}}"
        else:
            help_text = f"write {expected}"
        self._report(spot, "E121", f"`{self.name}` must be {expected}, got {shown(value)}", help_text)
        return FAILED

    def _within_bounds(self, value: Any, spot: Spot) -> bool:
        if self.choices is not None and value not in self.choices:
            near = suggest(value, [str(choice) for choice in self.choices]) if isinstance(value, str) else None
            self._report(
                spot, "E122", f"{shown(value)} is not one of {listed(self.choices)}", near or "use one of them"
            )
            return False
        if self.type in ("int", "float"):
            problem = self._out_of_range(value)
            if problem:
                self._report(spot, "E123", f"`{self.name}` is {value}: {problem}", "change the value")
                return False
        if self.pattern is not None and isinstance(value, str) and len(value) > MOST_MATCHED:
            self._report(
                spot, "E124", f"`{self.name}` has a pattern, and its text is longer than {MOST_MATCHED} characters",
                "write a shorter text",
            )  # fmt: skip
            return False
        if self.pattern is not None and isinstance(value, str) and not self.pattern.fullmatch(value):
            self._report(
                spot, "E124", f"{shown(value)} does not match the pattern of `{self.name}`",
                f"write a text that matches `{self.pattern.pattern}`",
            )  # fmt: skip
            return False
        return self._items_fit(value, spot)

    def _items_fit(self, value: Any, spot: Spot) -> bool:
        if self.of is None or self.type == "options" or not isinstance(value, LocatedList | LocatedMapping):
            return True
        item_model = ParamModel(self.name, self.of, self.place)
        pairs: Any = value.items() if isinstance(value, LocatedMapping) else enumerate(value)
        return FAILED not in [item_model.read(item, spot.below(value, key)) for key, item in pairs]

    def _out_of_range(self, value: float) -> str:
        if self.ge is not None and not value >= self.ge:
            return f"at least {self.ge} is expected"
        if self.gt is not None and not value > self.gt:
            return f"more than {self.gt} is expected"
        if self.le is not None and not value <= self.le:
            return f"at most {self.le} is expected"
        if self.lt is not None and not value < self.lt:
            return f"less than {self.lt} is expected"
        return ""

    def _report(self, spot: Spot, code: str, summary: str, help_text: str) -> None:
        notes = (Note(f"`{self.name}` is declared here", self.place),)
        spot.findings.error(code, summary, spot.place, help_text, notes)


def read_param(
    name: str, mapping: LocatedMapping, owner: Place, findings: Findings, find_options: OptionsFinder | None = None
) -> ParamModel | None:
    """Return a declared param, or None after diagnostics.

    :param find_options: knows the options of plugins.
    """
    before = findings.error_count
    values = PARAM.read(mapping, findings, owner)
    kind = values.get("type")
    pattern = _pattern(values.get("pattern"), mapping, findings)
    read_options = _check_of(kind, mapping, owner, findings, find_options)
    if kind is not None and kind != "ref" and "to" in values:
        findings.error("E115", "`to` goes with `type: ref`", mapping.key_place("to"), "remove `to`")
    if kind is None or findings.error_count != before:
        return None
    model = ParamModel(
        name, kind, owner, of=values.get("of"), to=values.get("to"),
        choices=tuple(values["choices"]) if "choices" in values else None,
        ge=values.get("ge"), gt=values.get("gt"), le=values.get("le"), lt=values.get("lt"),
        pattern=pattern, doc=values.get("doc", ""),
    )  # fmt: skip
    model.read_options = read_options
    model.report_form = FORMS.get(name) if kind == "str" else None
    model.plain_text = kind == "str" and not model.bounded and model.report_form is None
    if kind == "ref" and mapping.get("default") is not None:
        place = mapping.key_place("default")
        findings.error("E115", "a reference has no default but null", place, "write `default: null`, or remove it")
        return None
    if "default" in mapping:
        if mapping["default"] is None:
            model.default = None
        else:
            default = model.read(mapping["default"], Spot(mapping, "default", findings))
            if default is FAILED:
                return None
            model.default = default
    return model


def _check_of(
    kind: str | None, mapping: LocatedMapping, owner: Place, findings: Findings, find_options: OptionsFinder | None
) -> OptionsReader | None:
    """Return what reads options, for a param that takes some; an `of` that does not go with the type is reported."""
    of = mapping.get("of")
    spot = Spot(mapping, "of", findings)
    if kind == "options":
        if "of" not in mapping:
            findings.error("E111", "`of` is missing in a param of type `options`", owner, "add `of:`, a plugin's name")
        elif isinstance(of, str) and find_options is not None:
            return find_options(of, spot)
    elif kind in ("list", "map"):
        if isinstance(of, str):
            _ITEMS.read(of, spot)
    elif kind is not None and "of" in mapping:
        place = mapping.key_place("of")
        findings.error("E115", "`of` goes with `type: list`, `map` or `options`", place, "remove `of`")
    return None


def _pattern(text: Any, mapping: LocatedMapping, findings: Findings) -> "re.Pattern[str] | None":
    if not isinstance(text, str):
        return None
    try:
        return compile_pattern(text)
    except PatternError as error:
        findings.error("E124", f"{error}", mapping.value_place("pattern"), "mend the pattern")
        return None
