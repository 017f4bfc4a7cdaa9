"""The key `connector`: which plugin serves an address, in place of the one of its protocol."""

from typing import Any

from ..source.tree import UNKNOWN, LocatedMapping
from .blocks import Key
from .kinds import Kind, Spot


class ConnectorUse(Kind):
    """The name of a connector, or a mapping with `use` and its options, which `check.connectors` looks up."""

    expected = "the name of a connector, or a mapping with `use` and its options"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value as it is: only the plugin knows its options."""
        if isinstance(value, LocatedMapping) and "use" not in value:
            return spot.error("E111", "`use` is missing in `connector`", "add `use:`, the name of a connector")
        return value if value is UNKNOWN or isinstance(value, str | LocatedMapping) else self.refuse(value, spot)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        use = {"type": "object", "properties": {"use": {"type": "string", "minLength": 1}}, "required": ["use"]}
        return {"anyOf": [{"type": "string", "minLength": 1}, use]}


CONNECTOR = Key(ConnectorUse(), "which connector serves it: its name, or `{use: NAME, …}` with options", "by protocol")
