"""What a value may be: each kind checks a value, says what was expected, and gives its JSON Schema.

Own classes instead of a model library, since importing one costs more than the whole budget of `validate`
(decision on the language's own tables); options of plugins are pydantic models, imported only when one is used.
A value that is `UNKNOWN` passes every check.
"""

from math import isfinite
from typing import Any, NamedTuple

from ..errors import Place
from ..source.findings import Findings
from ..source.plain import plain
from ..source.suggest import listed, suggest
from ..source.tree import UNKNOWN, LocatedList, LocatedMapping


class Failed:
    """Stands for a value that was refused; the mistake has been reported."""


FAILED = Failed()


class Spot(NamedTuple):
    """Where a value stands: a key of a mapping or an index of a list."""

    holder: LocatedMapping | LocatedList
    key: Any
    findings: Findings

    @property
    def place(self) -> Place:
        """Return the place of the value."""
        return self.holder.value_place(self.key)

    def error(self, code: str, summary: str, help: str | None = None) -> Failed:
        """Report a mistake about the value."""
        self.findings.error(code, summary, self.place, help)
        return FAILED

    def below(self, holder: LocatedMapping | LocatedList, key: Any) -> "Spot":
        """Return the spot of a value inside this one."""
        return Spot(holder, key, self.findings)


def shown(value: Any) -> str:
    """Return a value as a message shows it."""
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:37]}…"'
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class Kind:
    """What a value may be."""

    #: what a message says was expected, with its article.
    expected = "a value"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value as the language means it, or `FAILED` after a diagnostic."""
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the kind."""
        return {}

    def refuse(self, value: Any, spot: Spot, help_text: str | None = None) -> Failed:
        """Report a value of another kind."""
        code = "E120" if isinstance(self, ListOf | MapOf) else "E121"
        return spot.error(code, f"expected {self.expected}, got {shown(value)}", help_text or self._help(value))

    def _help(self, value: Any) -> str:
        return f"write {self.expected}"


class Text(Kind):
    """Text; a number without quotes is a mistake."""

    expected = "text"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value, or `FAILED` after a diagnostic."""
        if isinstance(value, str) or value is UNKNOWN:
            return value
        return self.refuse(value, spot)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string"}

    def _help(self, value: Any) -> str:
        return f'put it in quotes: "{shown(value)}"' if isinstance(value, int | float) else "write text"


class Flag(Kind):
    """True or false."""

    expected = "true or false"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value, or `FAILED` after a diagnostic."""
        return value if isinstance(value, bool) or value is UNKNOWN else self.refuse(value, spot)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "boolean"}

    def _help(self, value: Any) -> str:
        return "write `true` or `false`; `yes` and `on` are text in YAML 1.2"


class Number(Kind):
    """A number inside bounds."""

    def __init__(
        self, *, whole: bool = False, ge: float | None = None, gt: float | None = None, le: float | None = None
    ) -> None:
        self.whole = whole
        self.ge, self.gt, self.le = ge, gt, le
        self.expected = "a whole number" if whole else "a number"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value, or `FAILED` after a diagnostic."""
        if value is UNKNOWN:
            return value
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            return self.refuse(value, spot)
        problem = self.out_of_range(value)
        return spot.error("E123", problem, "change the value") if problem else value

    def out_of_range(self, value: float) -> str:
        """Return what is wrong with the size of a number, or an empty text."""
        if self.ge is not None and not value >= self.ge:
            return f"{value} is too small, at least {self.ge} is expected"
        if self.gt is not None and not value > self.gt:
            return f"{value} is too small, more than {self.gt} is expected"
        if self.le is not None and not value <= self.le:
            return f"{value} is too large, at most {self.le} is expected"
        return "" if isfinite(value) else f"{value} is not a finite number"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        bounds = {"minimum": self.ge, "exclusiveMinimum": self.gt, "maximum": self.le}
        return {"type": "integer" if self.whole else "number"} | {k: v for k, v in bounds.items() if v is not None}


class Word(Kind):
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.expected = f"one of {listed(words, 20)}"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value, or `FAILED` after a diagnostic."""
        if value is UNKNOWN or (isinstance(value, str) and value in self.words):
            return value
        help_text = (suggest(value, self.words) if isinstance(value, str) else None) or f"write {self.expected}"
        return spot.error("E122", f"{shown(value)} is not one of {listed(self.words, 20)}", help_text)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"enum": list(self.words)}


class ListOf(Kind):
    """A list whose items are of one kind."""

    def __init__(self, item: Kind, *, least: int = 0) -> None:
        self.item = item
        self.least = least
        self.expected = "a list"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value, or `FAILED` after a diagnostic."""
        if value is UNKNOWN:
            return value
        if not isinstance(value, LocatedList):
            return self.refuse(value, spot)
        if len(value) < self.least:
            return spot.error("E123", f"at least {self.least} item is expected", "add an item")
        items = [self.item.read(item, spot.below(value, index)) for index, item in enumerate(value)]
        return FAILED if FAILED in items else items

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "array", "items": self.item.schema()}

    def _help(self, value: Any) -> str:
        if isinstance(value, str) and value.startswith("range("):
            return 'write an expression: "${{ range(1, 4) }}"'
        return f"put it in brackets: [{value}]" if isinstance(value, str | int | float) else "write a list"


class OneOrMore(Kind):
    """One text, or a list of them."""

    expected = "text, or a list of texts"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return a list, or `FAILED` after a diagnostic."""
        if isinstance(value, LocatedList):
            return ListOf(Text(), least=1).read(value, spot)
        if isinstance(value, str):
            return [value]
        return value if value is UNKNOWN else self.refuse(value, spot)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"anyOf": [Text().schema(), {**ListOf(Text()).schema(), "minItems": 1}]}


class MapOf(Kind):
    """A mapping whose values are of one kind and whose keys are free."""

    def __init__(self, item: Kind, *, expected: str = "a mapping") -> None:
        self.item = item
        self.expected = expected

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value, or `FAILED` after a diagnostic."""
        if value is UNKNOWN:
            return value
        if not isinstance(value, LocatedMapping):
            return self.refuse(value, spot)
        items = {key: self.item.read(item, spot.below(value, key)) for key, item in value.items()}
        return FAILED if FAILED in items.values() else items

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "object", "additionalProperties": self.item.schema()}


class Anything(Kind):
    """Any plain value, with nothing of the located tree left in it."""

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value, or `FAILED` after a diagnostic."""
        return plain(value)


class Tree(Kind):
    """A mapping that is read later, by those who know what may stand in it."""

    expected = "a mapping"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value, or `FAILED` after a diagnostic."""
        if isinstance(value, LocatedMapping):
            return value
        if value is UNKNOWN:
            return FAILED
        help_text = "write names and what belongs to them" if value is not None else "remove the key, or fill it"
        return spot.error("E120", f"expected a mapping, got {shown(value)}", help_text)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "object"}
