"""Schemas of what is merged onto something else: nothing is required, and merging can be steered.

What extends a base, a profile and the like give only the keys that differ; `$replace` and `$unset` are keys of every
mapping in them.
"""

import json
import re
from typing import Any

from .expressions import Schema

_REFERENCE = "#/definitions/"
_SUFFIX = ".part"
#: Definitions of single values: a part of them would be none.
_WHOLE = ("expression", "reference", "device_reference", "service_reference")
_STEERING: dict[str, Schema] = {
    "$replace": {"const": True, "description": "Takes the place of what is below, in place of merging."},
    "$unset": {"type": "array", "items": {"type": "string"}, "description": "Keys that are taken away."},
}


def part_of(name: str) -> Schema:
    """Return a reference to the partial form of a definition."""
    return {"$ref": f"{_REFERENCE}{name}{_SUFFIX}"}


def complete(schema: Schema, definitions: dict[str, Schema]) -> None:
    """Add the partial definitions that a schema and its definitions refer to.

    :param definitions: the whole ones; the partial ones are added.
    """
    waiting = [schema, *definitions.values()]
    while waiting:
        for name in _parts(waiting.pop()):
            if name not in definitions:
                definitions[name] = partial(definitions[name.removesuffix(_SUFFIX)])
                waiting.append(definitions[name])


def _parts(schema: Schema) -> set[str]:
    """Return the names of partial definitions that are referred to below a schema."""
    found = re.findall(rf'"{_REFERENCE}([^/"]+{re.escape(_SUFFIX)})', json.dumps(schema))
    return set(map(str, found))


def partial(schema: Schema) -> Schema:
    """Return the partial form of a schema."""
    changed = {keyword: _inside(keyword, value) for keyword, value in schema.items() if keyword != "required"}
    if schema.get("type") == "object" and schema.get("additionalProperties") is not None:
        changed["properties"] = {**changed.get("properties", {}), **_STEERING}
        if "propertyNames" in schema:
            pattern = schema["propertyNames"]["pattern"].removeprefix("^").removesuffix("$")
            changed["propertyNames"] = {"pattern": rf"^(?:\$replace|\$unset|{pattern})$"}
    return changed


def _inside(keyword: str, value: Any) -> Any:
    if keyword == "$ref":
        name, slash, rest = value.removeprefix(_REFERENCE).partition("/")
        whole = name in _WHOLE or name.endswith(_SUFFIX)
        return value if whole else f"{_REFERENCE}{name}{_SUFFIX}{slash}{rest}"
    if keyword in ("properties", "patternProperties"):
        members: dict[str, Schema] = value
        return {name: partial(member) for name, member in members.items()}
    if keyword in ("anyOf", "allOf"):
        cases: list[Schema] = value
        return [partial(case) for case in cases]
    if keyword in ("then", "else") or (keyword in ("items", "additionalProperties") and value not in (True, False)):
        return partial(value)
    return value
