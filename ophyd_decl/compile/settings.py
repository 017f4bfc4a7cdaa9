"""Settings from outside the files: the profile, and `--set path=value`; each is a layer above the beamline."""

from collections.abc import Mapping
from typing import Any

from ..check.paths import PathError, PathTuple, parse_path
from ..model.files import BEAMLINE_FILE, DEFAULTS, FIXED, PROFILE
from ..model.kinds import shown
from ..resolve.overlay import OF_ENTRIES, Layer
from ..source import Findings, LocatedMapping, Node, SourceFile, load_text, plain_value
from ..source.made import located_data, nested
from ..source.plain import is_list, is_mapping
from ..source.suggest import suggest_or_list

#: First characters of values that are read as YAML; all else is one plain scalar, whatever stands in it.
_YAML = ("[", "{", '"', "'")


def profile_layers(profile: str | None, root: LocatedMapping, findings: Findings) -> tuple[list[Layer], Layer | None]:
    """Return the profiles of a beamline, and the one that is chosen; mistakes in any of them are reported."""
    profiles = root.get("profiles")
    known: dict[str, Layer] = {}
    if isinstance(profiles, LocatedMapping):
        for name, body in profiles.items():
            if isinstance(body, LocatedMapping):
                known[name] = Layer(f"profile {name}", _checked(body, findings))
            else:
                summary = f"expected a mapping, got {shown(body)}"
                findings.error("E120", summary, profiles.value_place(name), "write `{defaults: {connect: mock}}`")
    if profile is not None and profile not in known and not (isinstance(profiles, dict) and profile in profiles):
        help_text = suggest_or_list(profile, known, "profiles")
        findings.error(
            "E402", f"there is no profile `{profile}`", SourceFile(f"--profile {profile}", "").start, help_text
        )
    return list(known.values()), known.get(profile) if profile is not None else None


def _checked(body: LocatedMapping, findings: Findings) -> LocatedMapping:
    """Return what a profile changes, without the keys that it cannot."""
    unknown = [key for key in body if key not in PROFILE.keys and not key.startswith("$")]
    for key in unknown:
        if key in FIXED:
            place = body.key_place(key)
            findings.error("E110", f"a profile cannot change `{key}`", place, "remove it")
        else:
            PROFILE.report_unknown(key, body, findings)
    defaults = body.get("defaults")
    if isinstance(defaults, LocatedMapping):
        for key in defaults:
            if key not in DEFAULTS.keys and not key.startswith("$"):
                DEFAULTS.report_unknown(key, defaults, findings)
    return body.without(*unknown)


def setting_layers(settings: Mapping[str, Any] | None, root: LocatedMapping, findings: Findings) -> list[Layer]:
    """Return a layer for each setting; a path that leads nowhere is reported.

    :param settings: values by path; text means what it would mean in a file.
    :param root: of the beamline, with its profile merged into it.
    """
    layers: list[Layer] = []
    for path, value in (settings or {}).items():
        given = value if isinstance(value, str) else "…"
        file = SourceFile(f"--set {path}={given}", value if isinstance(value, str) else "")
        elements = _elements(path, root, file, findings)
        node = _value(value, file, findings) if elements else None
        if elements and node is not None:
            layers.append(Layer("--set", nested([str(element) for element in elements], node[0], file)))
    return layers


def _elements(path: str, root: LocatedMapping, file: SourceFile, findings: Findings) -> PathTuple | None:
    """Return the keys of a path, or None after a diagnostic."""
    try:
        elements = parse_path(path)
    except PathError as error:
        help_text = 'write keys with `.` between them; quote what is no name: vars["a b"]'
        findings.error("E402", str(error), file.start, help_text)
        return None
    first = str(elements[0])
    known = [key for key in BEAMLINE_FILE.keys if key not in FIXED]
    if first not in known:
        block = next((block for block in OF_ENTRIES if first in _names(root.get(block))), None)
        help_text = suggest_or_list(first, known, "keys") if block is None else f"write `{block}.{path}`"
        findings.error("E402", f"`{path}` cannot be set: there is no `{first}`", file.start, help_text)
        return None
    if first == "defaults" and len(elements) > 1 and str(elements[1]) not in DEFAULTS.keys:
        help_text = suggest_or_list(str(elements[1]), DEFAULTS.keys, "keys")
        findings.error("E402", f"`{path}` cannot be set: there is no `{elements[1]}`", file.start, help_text)
        return None
    if first == "vars" and len(elements) > 1 and not _is_variable(str(elements[1]), path, root, file, findings):
        return None
    return elements


def _names(entries: Node) -> list[str]:
    return list(entries) if isinstance(entries, LocatedMapping) else []


def _is_variable(name: str, path: str, root: LocatedMapping, file: SourceFile, findings: Findings) -> bool:
    known = _names(root.get("vars"))
    if name not in known:
        help_text = suggest_or_list(name, known, "variables")
        findings.error("E301", f"`{path}` cannot be set: there is no variable `{name}`", file.start, help_text)
    return name in known


def _value(value: Any, file: SourceFile, findings: Findings) -> tuple[Node] | None:
    """Return the value of a setting as a tree, or None after diagnostics."""
    if not isinstance(value, str):
        if not _is_plain(value):
            summary = f"expected plain data, got {type(value).__name__}"
            findings.error("E121", summary, file.start, "give text, a number, a list or a mapping")
            return None
        return (located_data(value, file),)
    if not value.startswith(_YAML):
        return (plain_value(value),)
    loaded = load_text(file, findings)
    return (loaded.root,) if loaded.sound else None


def _is_plain(value: Any) -> bool:
    if is_mapping(value):
        return all(_is_plain(item) for item in value.values())
    if is_list(value):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, str | int | float)
