"""From files to a blueprint: every phase runs as far as the mistakes of those before it let it."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..blueprint import BeamlineBlueprint
from ..collecting import without_collecting
from ..model.files import BEAMLINE_FILE, DEFAULTS
from ..model.signal_kinds import with_timeout
from ..resolve.catalog import Catalog, TypeSource
from ..resolve.header import read_header
from ..resolve.locations import file_of, used_file
from ..resolve.pieces import Piece, entries_of
from ..resolve.scope import Scope, expand, refuse_expressions
from ..resolve.variables import read_variables
from ..source import Findings, LoadedFile, LocatedList, LocatedMapping, load_file
from ..source.tree import UNKNOWN
from .devices import Defaults, DeviceReader
from .documents import DocumentNames
from .links import Links
from .result import Compiled, count_signals
from .services import read_services, report_clashes
from .settings import check_profile, read_settings
from .shapes import ShapeBuilder
from .typebook import TypeBook

#: More do not fit into the memory of a workstation.
MAX_SIGNALS = 1_000_000
_EXPANDED = ("vars", "services", "devices", "groups", "defaults")
_LATER = tuple(name for name, key in BEAMLINE_FILE.keys.items() if key.later)
PathLike = str | os.PathLike[str]


def compile_beamline(
    path: PathLike,
    *,
    profile: str | None = None,
    set: Mapping[str, Any] | None = None,  # as on the command line
) -> Compiled:
    """Return the blueprint of a beamline, or what is wrong with its files.

    :param path: a file of kind beamline, or the folder that holds `beamline.yaml`.
    :param profile: name of one of its profiles.
    :param set: values by path, `vars.NAME`; text means what it would mean in a file.
    """
    findings = Findings()
    with without_collecting():
        loaded = _load(os.fspath(path), findings)
        kind = read_header(loaded, findings) if loaded is not None else None
        if loaded is not None and kind == "beamline":
            return _beamline(loaded, findings, profile, set)
        if loaded is not None and kind is not None:
            place = loaded.root.value_place("kind")
            findings.error("E114", f"this is a file of kind {kind}, not a beamline", place, "name a beamline")
    return Compiled(None, findings.sorted())


def compile_paths(
    paths: Sequence[PathLike],
    *,
    profile: str | None = None,
    set: Mapping[str, Any] | None = None,  # as on the command line
) -> Compiled:
    """Check files and beamline folders of any kind and return all that is wrong in them.

    `blueprint` is that of the beamline, if there is exactly one.

    :param profile: of the beamlines among them.
    :param set: of the beamlines among them.
    """
    together = Findings()
    blueprints: list[BeamlineBlueprint | None] = []
    devices = signals = 0
    with without_collecting():
        for path in paths:
            findings = Findings()
            loaded = _load(os.fspath(path), findings)
            kind = read_header(loaded, findings) if loaded is not None else None
            if loaded is not None and kind == "beamline":
                compiled = _beamline(loaded, findings, profile, set)
                blueprints.append(compiled.blueprint)
                devices += compiled.device_count
                signals += compiled.signal_count
            elif loaded is not None and kind == "types":
                _check_types(loaded, findings)
            elif loaded is not None and kind == "fragment":
                place = loaded.root.value_place("kind")
                findings.error("E116", "files of kind fragment are not supported yet", place, "use a beamline")
            together.extend(findings)
    sound = together.error_count == 0 and len(blueprints) == 1
    return Compiled(blueprints[0] if sound else None, together.sorted(), devices, signals)


def _load(path: str, findings: Findings) -> LoadedFile | None:
    file = file_of(path, findings)
    return None if file is None else load_file(file, findings)


def _check_types(loaded: LoadedFile, findings: Findings) -> None:
    catalog = Catalog(findings)
    catalog.alone = True
    _check_sources(catalog.add(loaded), ShapeBuilder(TypeBook(catalog, findings), findings, Defaults().timeouts))


def _check_sources(sources: Sequence[TypeSource], builder: ShapeBuilder) -> None:
    for source in sources:
        model = builder.book.get(source.name)
        if model is not None:
            builder.symbolic(model)


def _beamline(
    loaded: LoadedFile, findings: Findings, profile: str | None, settings: Mapping[str, Any] | None
) -> Compiled:
    root: LocatedMapping = loaded.root
    start = root.key_place(next(iter(root)))
    tree = {
        key: root[key] for key in ("vars", "services", "devices", "groups") if isinstance(root.get(key), LocatedMapping)
    }
    values = BEAMLINE_FILE.read(root, findings, start)
    check_profile(profile, root, start, findings)
    variables = tree.get("vars")
    scope = read_variables(variables, read_settings(settings, variables, start, findings), findings)
    refuse_expressions(root.without(*_EXPANDED, *_LATER), findings, "this key")
    defaults = _defaults(root, scope, findings)
    catalog = _catalog(loaded, values.get("use"), findings)
    builder = ShapeBuilder(TypeBook(catalog, findings), findings, defaults.timeouts)
    _check_sources([source for name in catalog.names if (source := catalog.find(name)) is not None], builder)
    piece = Piece(loaded.file, scope)
    reader = DeviceReader(builder, defaults)
    if "services" in tree:
        reader.devices.services = read_services(entries_of(tree["services"], piece), findings)
    devices = reader.read(entries_of(tree["devices"], piece)) if "devices" in tree else reader.devices
    report_clashes(devices.services.entries, devices.entries, findings)
    links = Links(devices, findings)
    links.resolve()
    order = links.build_order()
    groups = links.groups(_expanded(tree.get("groups"), scope))
    DocumentNames(values.get("name_separator", "-"), findings).check(devices.made)
    count = len(tree.get("devices", ()))
    signals = count_signals(device.shape for device in devices.made.values())
    if signals > MAX_SIGNALS:
        place = root.key_place("devices")
        findings.error("E105", f"the beamline has more than {MAX_SIGNALS} signals", place, "use fewer devices")
    if findings.error_count:
        return Compiled(None, findings.sorted(), count, signals)
    blueprint = BeamlineBlueprint(
        name=values.get("name", ""),
        file=loaded.file.name,
        devices=tuple(devices.made.values()),
        build_order=order,
        profile=profile,
        separator=values.get("name_separator", "-"),
        groups=groups,
        services=tuple(devices.services.made.values()),
        read_only=values.get("read_only", False),
        liveness_s=values.get("liveness", 5.0),
        mock=defaults.connect == "mock",
    )
    return Compiled(blueprint, findings.sorted(), len(devices.made), signals)


def _expanded(mapping: LocatedMapping | None, scope: Scope) -> LocatedMapping | None:
    return None if mapping is None else expand(mapping, scope)


def _defaults(root: LocatedMapping, scope: Scope, findings: Findings) -> Defaults:
    mapping = root.get("defaults")
    if not isinstance(mapping, LocatedMapping):
        return Defaults()
    values = DEFAULTS.read(expand(mapping, scope), findings, root.key_place("defaults"))
    known = {key: value for key, value in values.items() if value is not UNKNOWN}
    plain = Defaults()
    return Defaults(
        known.get("protocol", plain.protocol),
        known.get("connect", plain.connect),
        with_timeout(plain.timeouts, known.get("timeout")),
    )


def _catalog(loaded: LoadedFile, use: Any, findings: Findings) -> Catalog:
    catalog = Catalog(findings)
    listed = loaded.root.get("use")
    folder = str(Path(loaded.file.name).parent)
    if isinstance(use, list) and isinstance(listed, LocatedList):
        for index, name in enumerate(listed):
            place = listed.value_place(index)
            file = used_file(str(name), folder, place, findings)
            if file is None:
                catalog.mark_incomplete()
            else:
                catalog.use(file, place)
    elif "use" in loaded.root:
        catalog.mark_incomplete()
    return catalog
