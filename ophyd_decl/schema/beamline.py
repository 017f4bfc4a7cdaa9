"""The schemas of one beamline: its own types with their params, and its names as choices."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..blueprint import BeamlineBlueprint
from ..check.plugins import BrokenPlugin, installed, spec_of
from ..compile import compile_paths
from ..compile.alone import catalog_of
from ..compile.typebook import TypeBook
from ..errors import DefinitionError
from ..model.files import KINDS
from ..resolve.locations import file_of
from ..source import Findings, load_file
from ..source.frames import render_text
from ..spec import SHIPPED
from . import grammar
from .expressions import Schema
from .names import Names
from .shipped import by_role, shipped_known
from .writer import Known, SchemaWriter


def beamline_schemas(path: Path, *, resolved: bool = False) -> dict[str, Schema]:
    """Return the schema of each kind of file for one beamline, by kind.

    :param path: of a beamline, or of a file of another kind: then its types are added to the shipped ones.
    :raises DefinitionError: if the files are wrong; lists every mistake with its place.
    """
    known = known_of(path)
    # A fragment or a file of types may use types that the beamline itself does not, and refers to what it holds.
    inside = replace(known, all_types=False, names=None)
    return {kind: SchemaWriter(known if kind == "beamline" else inside, resolved).file(kind) for kind in KINDS}


def known_of(path: Path) -> Known:
    """Return the types, plugins and names that a file knows.

    :raises DefinitionError: if the files are wrong; lists every mistake with its place.
    """
    compiled = compile_paths([path])
    if any(found.severity == "error" for found in compiled.diagnostics):
        raise DefinitionError(compiled.diagnostics, render_text)
    shipped = shipped_known()
    types = {**_types(os.fspath(path)), **shipped.types}
    blueprint = compiled.blueprint
    others = [spec_of(found) for found in installed().values() if not isinstance(found, BrokenPlugin)]
    # A fragment that it includes may use files of types of its own.
    all_types = blueprint is not None and {device.shape.type for device in blueprint.devices} <= {
        *types,
        *grammar.IN_PLACE,
    }
    return Known(types, by_role((*SHIPPED, *others)), all_types, None if blueprint is None else _names(blueprint))


def _types(path: str) -> dict[str, Any]:
    """Return the types that the file uses or holds; that it is sound is known."""
    findings = Findings()
    file = file_of(path, findings)
    loaded = None if file is None else load_file(file, findings)
    if loaded is None:
        return {}
    catalog = catalog_of(loaded, findings)
    book = TypeBook(catalog, findings)
    return {name: model for name in catalog.names if (model := book.get(name)) is not None}


def _names(blueprint: BeamlineBlueprint) -> Names:
    devices = tuple(device.path for device in blueprint.devices)
    labels = sorted({label for device in blueprint.devices for label in device.labels})
    services = tuple(service.path for service in blueprint.services)
    return Names(devices, services, tuple(blueprint.groups), tuple(labels))
