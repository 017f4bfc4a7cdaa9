"""The key `expect`: the value that a signal must have when it connects."""

from typing import Any

from ..source.findings import Findings
from ..source.plain import holds_unknown, plain
from ..source.suggest import suggest
from ..source.tree import UNKNOWN, LocatedMapping
from ..vocab.datatypes import Datatype
from .kinds import Kind, Spot
from .soft import misfit


class Expected(Kind):
    """A value that fits the dtype, or a reference to a signal."""

    expected = "a value, or `{ref: PATH}`"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value as it is: what fits is known with the dtype."""
        if value is None or (isinstance(value, LocatedMapping) and "ref" not in value):
            return self.refuse(value, spot)
        return value


def read_expected_value(values: dict[str, Any], datatype: Datatype, mapping: LocatedMapping, findings: Findings) -> Any:
    """Return the value that the signal must have; None for none, and for a reference, which is looked up later."""
    value = values.get("expect", UNKNOWN)
    if "expect" in mapping and values.get("access") == "w":
        place = mapping.key_place("expect")
        findings.error("E115", "a signal with `access: w` has no value to compare", place, "remove `expect`")
    if isinstance(value, LocatedMapping) or holds_unknown(value):
        return None
    problem = "" if mapping.get("dtype") is UNKNOWN else misfit(value, datatype)
    if problem:
        help_text = suggest(value, datatype.labels or ()) if isinstance(value, str) else None
        place = mapping.value_place("expect")
        findings.error("E121", problem, place, help_text or "change the value, or write `{ref: PATH}`")
        return None
    return plain(value)
