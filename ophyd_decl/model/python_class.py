"""A device that a class of a Python module makes: its keys. Nothing is imported here."""

import re
from typing import Any

from ..source.tree import UNKNOWN
from .blocks import Block, Key
from .kinds import Kind, Spot, Tree, shown
from .types import DEVICE_KEYS

_CLASS = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*")


class ClassName(Kind):
    """A class, as `module:Name`."""

    expected = "a class, as `module:Name`"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the text."""
        if value is UNKNOWN:
            return value
        if not isinstance(value, str):
            return self.refuse(value, spot)
        if _CLASS.fullmatch(value):
            return value
        module, _, name = value.replace(":", ".").rpartition(".")
        help_text = f"write `{module}:{name}`" if _CLASS.fullmatch(f"{module}:{name}") else "write `module:Name`"
        return spot.error("E124", f"{shown(value)} names no class", help_text)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "pattern": "^[^:\\s]+:[^:.\\s]+$"}


PYTHON_DEVICE = Block(
    "a Python device",
    {
        **{name: key for name, key in DEVICE_KEYS.items() if name not in ("protocol", "connector", "overrides")},
        "class": Key(
            ClassName(), "the class that makes it, as `module:Name`; must match `python_allow`", required=True
        ),
        "args": Key(Tree(), "arguments by name: data, and `{ref: PATH}` at any depth"),
    },
)
