"""A settings file: its keys, and what is wrong with one before any control system is asked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import DefinitionError, Diagnostic, Place
from ...model.blocks import Block, Key
from ...model.files import API
from ...model.kinds import Anything, MapOf, Text, Tree, Word, shown
from ...source import Findings, LocatedMapping, load_file
from ...source.frames import render_text
from ...source.suggest import listed
from .choice import Setting, types_of

KIND = "settings"
SETTING = Block(
    "a setting",
    {
        "value": Key(Anything(), "the value, an enum by its label", required=True),
        "dtype": Key(Text(), "dtype of the signal, with `[any]` for a dimension", required=True),
        "units": Key(Text(), "unit of the value; absent where there is none"),
    },
)
FILE = Block(
    "a settings file",
    {
        "api": Key(Word(API), "version of the language", required=True),
        "kind": Key(Word(KIND), "`settings`", required=True),
        "beamline": Key(Text(), "name of the beamline", required=True),
        "devices": Key(MapOf(Text()), "the devices and their types", required=True),
        "signals": Key(Tree(), "the settings by path", required=True),
    },
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting of a file, with the places of its parts."""

    path: str
    value: Any
    dtype: str
    units: str | None
    mapping: LocatedMapping
    key: Place

    def place(self, part: str) -> Place:
        """Return where a part of it stands, `value`, `dtype` or `units`; the path where it is absent."""
        return self.mapping.value_place(part) if part in self.mapping else self.key


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file without mistakes of its own."""

    name: str
    text: str
    beamline: str
    devices: Mapping[str, str]
    entries: Mapping[str, Entry]
    root: LocatedMapping

    def check(self, beamline: str, settings: Iterable[Setting], *, lenient: bool = False) -> None:
        """Raise unless the file is one of this beamline, and its devices and signals are there.

        :param beamline: its name.
        :param settings: all that it has.
        :param lenient: pass over signals and devices that are not there; those that are must still be of the same type.
        :raises DefinitionError: names every mistake with its place.
        """
        findings = Findings()
        if self.beamline != beamline:
            summary = f"settings of the beamline {shown(self.beamline)}, this is {shown(beamline)}"
            findings.error("E408", summary, self.root.value_place("beamline"), "take a settings file of this beamline")
            raise_if_wrong(findings)
        known = {setting.path: setting for setting in settings}
        types = types_of(list(known.values()))
        devices: LocatedMapping = self.root["devices"]
        for name, kind in self.devices.items():
            if name not in types:
                if not lenient:
                    summary = f"settings of the device `{name}`, which has none here"
                    help_text = findings.suggest(name, types) or f"there are {listed(types)}"
                    findings.error("E408", summary, devices.key_place(name), help_text)
            elif types[name] != kind:
                summary = f"settings of a {kind}, `{name}` is a {types[name]}"
                findings.error("E408", summary, devices.value_place(name), "save the settings anew, into another file")
        for path, entry in self.entries.items():
            if path not in known and not lenient and first_name(path) in types:
                help_text = findings.suggest(path, known) or "remove it, or look at `restore` of the signal"
                findings.error("E408", f"`{path}` is no setting of this beamline", entry.key, help_text)
        raise_if_wrong(findings)

    def require(self, selector: str, settings: Iterable[Setting]) -> None:
        """Raise unless the file has something of what a selector names.

        :raises DefinitionError: with the place of the devices that it has.
        """
        if any(setting.path in self.entries for setting in settings):
            return
        findings = Findings()
        summary = f"no settings of `{selector}`, only of {listed(list(self.devices))}"
        findings.error("E408", summary, self.root.key_place("devices"), "take the settings file of that device")
        raise_if_wrong(findings)


def read_settings(path: str) -> SettingsFile:
    """Return a settings file.

    :raises DefinitionError: if it cannot be read, is no settings file, or has mistakes of its own.
    """
    findings = Findings()
    loaded = load_file(path, findings)
    raise_if_wrong(findings)
    root: Any = None if loaded is None else loaded.root
    if loaded is None or not isinstance(root, LocatedMapping) or root.get("kind") != KIND:
        raise _no_settings_file(path, root)
    values = FILE.read(root, findings, root.place)
    entries = _entries(root, findings)
    if "devices" in values:
        for name, entry in entries.items():
            if first_name(name) not in values["devices"]:
                summary = f"the type of the device `{first_name(name)}` is missing"
                findings.error("E111", summary, entry.key, "add it to `devices:`, or save the settings anew")
    raise_if_wrong(findings)
    return SettingsFile(path, loaded.file.text, values["beamline"], values["devices"], entries, root)


def _no_settings_file(path: str, root: Any) -> DefinitionError:
    says = isinstance(root, LocatedMapping) and "kind" in root
    place = root.value_place("kind") if says else Place(path, 1, 1, 1, 2)
    summary = "no settings file: it has " + (f"`kind: {root['kind']}`" if says else "no `kind`")
    help_text = "name a file that `ophyd-decl settings save` has written, or one that is not there yet"
    return wrong([Diagnostic("error", "E117", summary, place, help_text)])


def _entries(root: LocatedMapping, findings: Findings) -> dict[str, Entry]:
    signals = root.get("signals")
    found: dict[str, Entry] = {}
    if not isinstance(signals, LocatedMapping):
        return found
    for path, mapping in signals.items():
        place = signals.key_place(path)
        if not isinstance(mapping, LocatedMapping):
            summary = f"expected a mapping, got {shown(mapping)}"
            findings.error("E120", summary, signals.value_place(path), "write `{value: …, dtype: …}`")
            continue
        before = findings.error_count
        values = SETTING.read(mapping, findings, place)
        if findings.error_count == before:
            units = values.get("units") or None
            found[path] = Entry(path, values["value"], values["dtype"], units, mapping, place)
    return found


def first_name(path: str) -> str:
    """Return the name of the device that a path begins with."""
    return path.partition(".")[0].partition("[")[0]


def raise_if_wrong(findings: Findings) -> None:
    """Raise if there are mistakes.

    :raises DefinitionError: with all of them.
    """
    if findings.error_count:
        raise wrong(findings.sorted())


def wrong(diagnostics: Iterable[Diagnostic]) -> DefinitionError:
    """Return the error of some mistakes."""
    return DefinitionError(tuple(diagnostics), render_text)
