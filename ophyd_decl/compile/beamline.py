"""From files to a blueprint: every phase runs as far as the mistakes of those before it let it."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..blueprint import BeamlineBlueprint
from ..check.libraries import library_folder
from ..collecting import without_collecting
from ..model.files import BEAMLINE_FILE, DEFAULTS, Variables
from ..model.kinds import Spot
from ..model.signal_kinds import with_timeout
from ..resolve.assembly import assemble
from ..resolve.catalog import Catalog
from ..resolve.fragments import FragmentReader
from ..resolve.header import read_header
from ..resolve.include import Includer
from ..resolve.locations import Locator, file_of, location_of
from ..resolve.overlay import merged_root
from ..resolve.pieces import Piece
from ..resolve.scope import Scope, expand, refuse_expressions
from ..resolve.variables import read_variables
from ..source import Findings, LoadedFile, LocatedMapping, load_file
from ..source.plain import is_mapping
from ..source.tree import UNKNOWN
from .alone import check_fragment, check_sources, check_types, read_entries
from .devices import Defaults
from .documents import DocumentNames
from .links import Links
from .result import Compiled, count_signals
from .settings import profile_layers, setting_layers
from .shapes import ShapeBuilder
from .typebook import TypeBook

#: More do not fit into the memory of a workstation.
MAX_SIGNALS = 1_000_000
_EXPANDED = ("vars", "devices", "groups", "defaults", "environment", "include", "services", "profiles")
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
                check_types(loaded, findings)
            elif loaded is not None and kind == "fragment":
                check_fragment(loaded, findings)
            together.extend(findings)
    sound = together.error_count == 0 and len(blueprints) == 1
    return Compiled(blueprints[0] if sound else None, together.sorted(), devices, signals)


def _load(path: str, findings: Findings) -> LoadedFile | None:
    file = file_of(path, findings)
    return None if file is None else load_file(file, findings)


def _beamline(
    loaded: LoadedFile, findings: Findings, profile: str | None, settings: Mapping[str, Any] | None
) -> Compiled:
    location = location_of(loaded.file.name)
    start = loaded.root.key_place(next(iter(loaded.root)))
    profiles, chosen = profile_layers(profile, loaded.root, start, findings)
    layers = [] if chosen is None else [chosen]
    root = merged_root(loaded.root, layers, findings)
    from_outside = setting_layers(settings, root, findings)
    root = merged_root(root, from_outside, findings)
    values = BEAMLINE_FILE.read(root, findings, start)
    refuse_expressions(root.without(*_EXPANDED, *_LATER), findings, "this key")
    scope = read_variables(_mapping(root, "vars"), findings)
    defaults = _defaults(root, scope, findings)
    locator = Locator(library_folder, findings)
    catalog = Catalog(locator, findings)
    catalog.use(root.get("use"), location)
    piece = Piece(loaded.file, scope)
    includer = Includer(FragmentReader(catalog, scope, findings), locator, findings)
    assembly = assemble(
        root, piece, location, includer, findings, [*layers, *from_outside], [*profiles, *from_outside]
    )  # fmt: skip
    builder = ShapeBuilder(TypeBook(catalog, findings), findings, defaults.timeouts)
    check_sources([source for name in catalog.names if (source := catalog.find(name)) is not None], builder)
    devices = read_entries(assembly, builder, defaults)
    links = Links(devices, findings)
    links.resolve()
    order = links.build_order()
    groups = links.groups(_expanded(_mapping(root, "groups"), scope))
    DocumentNames(values.get("name_separator", "-"), findings).check(devices.made)
    count = len(assembly.devices)
    signals = count_signals(device.shape for device in devices.made.values())
    if signals > MAX_SIGNALS:
        place = root.key_place("devices")
        findings.error("E105", f"the beamline has more than {MAX_SIGNALS} signals", place, "use fewer devices")
    environment = _environment(root, scope, findings)
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
        environment=environment,
        services=tuple(devices.services.made.values()),
        python_allow=tuple(values.get("python_allow", ())),
        read_only=values.get("read_only", False),
        liveness_s=values.get("liveness", 5.0),
        mock=defaults.connect == "mock",
    )
    return Compiled(blueprint, findings.sorted(), len(devices.made), signals)


def _mapping(root: LocatedMapping, key: str) -> LocatedMapping | None:
    value = root.get(key)
    return value if isinstance(value, LocatedMapping) else None


def _environment(root: LocatedMapping, scope: Scope, findings: Findings) -> dict[str, str]:
    mapping = _expanded(_mapping(root, "environment"), scope)
    if mapping is None:
        return {}
    found = Variables().read(mapping, Spot(root, "environment", findings))
    return {name: value for name, value in found.items() if isinstance(value, str)} if is_mapping(found) else {}


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
