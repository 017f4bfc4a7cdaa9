"""Lets every value of a schema be an expression too, as it may be in a file before its expressions are replaced."""

from typing import Any

Schema = dict[str, Any]

#: Where schemas refer to for a text that holds an expression.
REFERENCE: Schema = {"$ref": "#/definitions/expression"}
DEFINITION: Schema = {
    "type": "string",
    "pattern": r"\$\{\{",
    "description": "A text that holds an expression: ${{ … }}.",
}
_ANNOTATIONS = ("description",)


def or_expression(schema: Schema) -> Schema:
    """Return a schema that a text with an expression fits too, at any depth.

    What is said elsewhere (`$ref`, `allOf`) is left alone.
    """
    if not schema or "$ref" in schema or "allOf" in schema:
        return schema
    if "anyOf" in schema:
        inner = [or_expression(member) for member in schema["anyOf"]]
        return {**schema, "anyOf": _flat([*inner, REFERENCE])}
    changed = {key: _inside(key, schema) for key in schema}
    if _takes_any_text(schema):
        return changed
    notes = {key: value for key, value in changed.items() if key in _ANNOTATIONS}
    rest = {key: value for key, value in changed.items() if key not in _ANNOTATIONS}
    return {**notes, "anyOf": [rest, REFERENCE]}


def _inside(keyword: str, schema: Schema) -> Any:
    if keyword == "items" or (keyword == "additionalProperties" and schema[keyword] is not False):
        return or_expression(schema[keyword])
    if keyword == "properties":
        members: dict[str, Schema] = schema[keyword]
        return {name: or_expression(member) for name, member in members.items()}
    return schema[keyword]


def _takes_any_text(schema: Schema) -> bool:
    kinds = schema.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    limited = {"enum", "const", "pattern", "minLength", "maxLength", "format"} & schema.keys()
    return "string" in kinds and not limited


def _flat(members: list[Schema]) -> list[Schema]:
    """Return the members with those of unions inside taken out, each once."""
    found: list[Schema] = []
    for member in members:
        inner = member["anyOf"] if member.keys() == {"anyOf"} else [member]
        found.extend(one for one in inner if one not in found)
    return found
