"""The schemas that travel with the package: the language, the types of the library and the plugins that are shipped."""

import json
from collections.abc import Iterable

from ..check.libraries import library_folder
from ..compile.typebook import TypeBook
from ..model.files import KINDS
from ..resolve.catalog import Catalog, shipped_types
from ..resolve.locations import Locator
from ..source import Findings
from ..spec import SHIPPED, PluginSpec
from .expressions import Schema
from .writer import Known, SchemaWriter


def shipped_known() -> Known:
    """Return the types and plugins that are always there."""
    findings = Findings()
    catalog = Catalog(Locator(library_folder, findings), findings)
    book = TypeBook(catalog, findings)
    for name in shipped_types():
        catalog.find(name)
    models = {name: model for name in sorted(catalog.names) if (model := book.get(name)) is not None}
    return Known(models, by_role(SHIPPED))


def by_role(plugins: Iterable[PluginSpec]) -> dict[str, list[PluginSpec]]:
    """Return plugins by their role."""
    found: dict[str, list[PluginSpec]] = {}
    for plugin in plugins:
        found.setdefault(plugin.role, []).append(plugin)
    return found


def shipped_schemas(*, resolved: bool = False) -> dict[str, Schema]:
    """Return the schema of each kind of file, by kind."""
    known = shipped_known()
    return {kind: SchemaWriter(known, resolved).file(kind) for kind in KINDS}


def file_name(kind: str) -> str:
    """Return the name of the file that holds the schema of a kind of file."""
    return f"{kind}.schema.json"


def text_of(schema: Schema) -> str:
    """Return a schema as it is written to a file: the same text for the same schema."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
