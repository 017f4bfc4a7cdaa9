"""What a device may give for a param of its type."""

import re
from typing import Any

from ..model.params import ParamModel
from .expressions import Schema

_TYPES: dict[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "list": {"type": "array"},
    "map": {"type": "object"},
    "options": {"type": "object"},
}
#: Parts of Python's regular expressions that those of JSON Schema do not have.
_NOT_PORTABLE = re.compile(r"\(\?[^:=!]|\\[AZ]|[*+?}]\+")


def param_schema(param: ParamModel) -> Schema:
    """Return the schema of the values that a param takes which is no reference."""
    schema = dict(_TYPES[param.type])
    if param.of is not None and param.type in ("list", "map"):
        schema["items" if param.type == "list" else "additionalProperties"] = dict(_TYPES[param.of])
    if param.choices is not None:
        schema["enum"] = list(param.choices)
    bounds = {"minimum": param.ge, "exclusiveMinimum": param.gt, "maximum": param.le, "exclusiveMaximum": param.lt}
    schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    if param.pattern is not None and not _NOT_PORTABLE.search(param.pattern.pattern):
        schema["pattern"] = f"^(?:{param.pattern.pattern})$"
    return schema


def param_text(param: ParamModel) -> str:
    """Return what an editor shows for a param."""
    text = param.doc or f"{param.type} `{param.name}`"
    return text if param.required else f"{text} (default: {_shown(param.default)})"


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
