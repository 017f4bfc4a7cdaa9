"""The options of plugins: what pydantic says about their models, in the form that editors understand."""

from typing import Any

from ..spec import PluginSpec, ReferenceTo, marker_of
from .expressions import Schema


def options_schema(plugin: PluginSpec) -> tuple[dict[str, Schema], dict[str, Schema]]:
    """Return the schema of each option by name, and the definitions that they refer to."""
    prefix = f"plugin.{plugin.name}."
    made: dict[str, Any] = plugin.options.model_json_schema(ref_template=f"#/definitions/{prefix}{{model}}")
    options: dict[str, Schema] = {}
    for name, schema in made.get("properties", {}).items():
        path = isinstance(marker_of(plugin.options, name), ReferenceTo)
        options[name] = _path(schema) if path else _plain(schema)
    return options, {f"{prefix}{name}": schema for name, schema in made.get("$defs", {}).items()}


def required_options(plugin: PluginSpec) -> list[str]:
    """Return the names of the options that must be given."""
    return [name for name, field in plugin.options.model_fields.items() if field.is_required()]


def _plain(schema: Schema) -> Schema:
    """Return the schema of an option without what says nothing to a reader."""
    return {key: value for key, value in schema.items() if key != "title" and not (key == "default" and value is None)}


def _path(schema: Schema) -> Schema:
    text = {"description": schema["description"]} if "description" in schema else {}
    return {**text, "anyOf": [{"type": "string"}, {"$ref": "#/definitions/reference"}]}
