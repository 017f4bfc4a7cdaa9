"""Values as text, as JSON, and from the command line."""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from ..vocab.datatypes import Datatype

ALARMS: dict[int | None, str] = {None: "", 0: "", 1: "minor alarm", 2: "major alarm", -1: "invalid"}
#: A longer array is shown by its ends.
_SHOWN_ITEMS = 8


def plain(value: Any) -> Any:
    """Return a value of numpy, or a table of such, as JSON knows it; NaN and infinities become text."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in cast(Mapping[Any, Any], value).items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in cast(Sequence[Any], value)]
    return value


def text(value: Any, units: str | None = None) -> str:
    """Return a value for people, with its unit; long arrays are shortened."""
    value = plain(value)
    if isinstance(value, list):
        items = [text(item) for item in cast(list[Any], value)]
        if len(items) > _SHOWN_ITEMS:
            items[_SHOWN_ITEMS // 2 : -_SHOWN_ITEMS // 2] = ["…"]
            return f"[{', '.join(items)}] ({len(cast(list[Any], value))} items)"
        shown = f"[{', '.join(items)}]"
    elif isinstance(value, dict):
        columns = cast(dict[str, Any], value)
        shown = "{" + ", ".join(f"{key}: {text(column)}" for key, column in columns.items()) + "}"
    elif isinstance(value, bool):
        shown = "true" if value else "false"
    elif isinstance(value, float):
        shown = f"{value:.10g}"
    else:
        shown = str(value)
    return f"{shown} {units}" if units else shown


def time_text(timestamp: float) -> str:
    """Return a time of the control system in local time."""
    return datetime.fromtimestamp(timestamp).astimezone().isoformat(sep=" ", timespec="milliseconds")


def parse(given: str, datatype: Datatype) -> Any:
    """Return what a text on the command line means for a signal.

    Text for `str` and `enum`; else a JSON list, or a scalar as YAML reads it.

    :raises ValueError: if it is no value of this dtype.
    """
    from ..source.scalars import plain_value

    if datatype.shape is not None or datatype.name == "table":
        try:
            return json.loads(given)
        except json.JSONDecodeError:
            raise ValueError("a JSON list is needed, for instance [1, 2]") from None
    if datatype.name in ("str", "enum"):
        return given
    value = plain_value(given)
    wanted = datatype.name
    if wanted == "bool" and not isinstance(value, bool):
        if value in (0, 1):
            return bool(value)
        raise ValueError("true or false is needed")
    if wanted.startswith(("int", "uint")) and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError("a whole number is needed")
    if wanted.startswith("float"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("a number is needed")
        return float(value)
    return value
