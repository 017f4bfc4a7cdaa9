"""Reads a beamline: its files, with every layer and piece, and what they mean; the blueprint is made from that."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..blueprint import BeamlineBlueprint
from ..check.connectors import read_connector
from ..check.given_options import find_options
from ..check.libraries import library_folder
from ..model.files import BEAMLINE_FILE, DEFAULTS, Variables
from ..model.kinds import Spot
from ..model.signal_kinds import with_timeout
from ..resolve.assembly import Assembly, assemble
from ..resolve.catalog import Catalog
from ..resolve.fragments import FragmentReader
from ..resolve.include import Includer
from ..resolve.locations import Locator, location_of
from ..resolve.overlay import merged_root
from ..resolve.pieces import Piece
from ..resolve.scope import Scope, expand, refuse_expressions
from ..resolve.variables import read_variables
from ..source import Findings, LoadedFile, LocatedMapping, SourceFile
from ..source.plain import is_mapping
from ..source.tree import UNKNOWN
from .alone import check_sources, read_entries
from .devices import Defaults, Devices
from .documents import DocumentNames
from .links import Links
from .result import Compiled, count_signals
from .settings import profile_layers, setting_layers
from .shapes import ShapeBuilder
from .typebook import TypeBook

#: More do not fit into the memory of a workstation.
MAX_SIGNALS = 1_000_000
_EXPANDED = ("vars", "devices", "groups", "defaults", "environment", "include", "services", "profiles")


@dataclass(slots=True)
class Reading:
    """A beamline that was read.

    :param root: of its file, with the profile and the settings merged into it.
    :param values: those of the keys of the root that are sound.
    :param scope: names that the expressions of its file see.
    :param assembly: entries of all files.
    """

    file: SourceFile
    root: LocatedMapping
    values: Mapping[str, Any]
    scope: Scope
    profile: str | None
    defaults: Defaults
    environment: Mapping[str, str]
    assembly: Assembly
    builder: ShapeBuilder
    devices: Devices
    links: Links
    build_order: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    findings: Findings

    def compiled(self) -> Compiled:
        """Return the blueprint, if there are no mistakes, and all that was found."""
        values, devices, findings = self.values, self.devices, self.findings
        signals = count_signals(device.shape for device in devices.made.values())
        if findings.error_count:
            return Compiled(None, findings.sorted(), len(self.assembly.devices), signals)
        blueprint = BeamlineBlueprint(
            name=values.get("name", ""),
            file=self.file.name,
            devices=tuple(devices.made.values()),
            build_order=self.build_order,
            profile=self.profile,
            separator=values.get("name_separator", "-"),
            groups=self.groups,
            environment=self.environment,
            services=tuple(devices.services.made.values()),
            python_allow=tuple(values.get("python_allow", ())),
            read_only=values.get("read_only", False),
            liveness_s=values.get("liveness", 5.0),
            mock=self.defaults.connect == "mock",
            libraries=tuple(findings.libraries),
        )
        return Compiled(blueprint, findings.sorted(), len(devices.made), signals)


def read_beamline(
    loaded: LoadedFile, findings: Findings, profile: str | None, settings: Mapping[str, Any] | None
) -> Reading:
    """Read a beamline and all files that it names; mistakes are reported.

    :param profile: name of one of its profiles.
    :param settings: values by path, from outside.
    """
    location = location_of(loaded.file.name)
    start = loaded.root.key_place(next(iter(loaded.root)))
    profiles, chosen = profile_layers(profile, loaded.root, findings)
    layers = [] if chosen is None else [chosen]
    root = merged_root(loaded.root, layers, findings)
    from_outside = setting_layers(settings, root, findings)
    root = merged_root(root, from_outside, findings)
    values = BEAMLINE_FILE.read(root, findings, start)
    refuse_expressions(root.without(*_EXPANDED), findings, "this key")
    scope = read_variables(_mapping(root, "vars"), findings)
    defaults = replace(_defaults(root, scope, findings), python_allow=_python_allow(root, values))
    locator = Locator(library_folder, findings)
    catalog = Catalog(locator, findings)
    catalog.use(root.get("use"), location)
    piece = Piece(loaded.file, scope)
    includer = Includer(FragmentReader(catalog, scope, findings, find_options), locator, findings)
    others = [profile for profile in profiles if profile is not chosen]
    assembly = assemble(root, piece, location, includer, findings, [*layers, *from_outside], others)
    builder = ShapeBuilder(TypeBook(catalog, findings), findings, defaults.timeouts)
    check_sources([source for name in catalog.names if (source := catalog.find(name)) is not None], builder)
    devices = read_entries(assembly, builder, defaults)
    links = Links(devices, findings)
    links.resolve()
    order = links.build_order()
    groups: Mapping[str, tuple[str, ...]] = {}
    if count_signals(device.shape for device in devices.made.values()) > MAX_SIGNALS:
        # Types inside types grow fast: what follows would walk to every single signal.
        place = root.key_place("devices")
        findings.error("E105", f"the beamline has more than {MAX_SIGNALS} signals", place, "use fewer devices")
    else:
        groups = links.groups(_expanded(_mapping(root, "groups"), scope))
        DocumentNames(values.get("name_separator", "-"), findings).check(devices.made)
    return Reading(
        loaded.file, root, values, scope, profile, defaults, _environment(root, scope, findings), assembly, builder,
        devices, links, order, groups, findings,
    )  # fmt: skip


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


def _python_allow(root: LocatedMapping, values: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the classes that may be loaded; None where the list is wrong, so that no class is reported for it."""
    return None if "python_allow" in root and "python_allow" not in values else tuple(values.get("python_allow", ()))


def _defaults(root: LocatedMapping, scope: Scope, findings: Findings) -> Defaults:
    mapping = root.get("defaults")
    if not isinstance(mapping, LocatedMapping):
        return Defaults()
    expanded: LocatedMapping = expand(mapping, scope)
    values = DEFAULTS.read(expanded, findings, root.key_place("defaults"))
    known = {key: value for key, value in values.items() if value is not UNKNOWN}
    plain = Defaults()
    return Defaults(
        known.get("protocol", plain.protocol),
        known.get("connect", plain.connect),
        with_timeout(plain.timeouts, known.get("timeout")),
        read_connector(expanded, findings),
    )
