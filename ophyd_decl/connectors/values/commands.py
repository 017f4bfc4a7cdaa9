"""Commands: one value that is written, by label or, as EPICS records are started, by the number of a label."""

from typing import Any

from ...vocab.datatypes import SCALAR_NUMPY, Datatype, NativeType
from .numbers import plain
from .parts import Conversion, Outcome, bad_value, mismatch


def command_conversion(datatype: Datatype, native: NativeType) -> Outcome | None:
    """Return the conversion of a command; None: that of any scalar of this native type."""
    if native.shape is not None or native.kind in ("table", "image", "listing", "unknown"):
        return mismatch(datatype, native, "a command is one value that is written", "is it the right address?")
    if native.kind != "enum":
        return None
    labels = native.choices

    def to_python(raw: int) -> str:
        return labels[raw] if 0 <= raw < len(labels) else f"#{raw}"

    def to_native(value: Any) -> int:
        number = plain(value)
        if isinstance(number, int) and 0 <= number < len(labels):
            return int(number)
        raise bad_value(
            "the record has no such label", value, f"0 to {len(labels) - 1}, or a label: {', '.join(labels)}"
        )

    return Conversion(to_python, to_native, SCALAR_NUMPY["enum"], labels)
