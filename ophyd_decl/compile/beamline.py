"""From files to a blueprint: every phase runs as far as the mistakes of those before it let it."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..blueprint import BeamlineBlueprint
from ..collecting import without_collecting
from ..errors import Note
from ..resolve.expressions import bounded_compiling
from ..resolve.header import read_header
from ..resolve.locations import file_of
from ..source import Findings, LoadedFile, LocatedMapping, load_file
from .alone import check_fragment, check_types
from .reading import Reading, read_beamline
from .result import Compiled

#: Characters and devices that are read again for profiles which nobody chose, all profiles together.
MAX_CHARACTERS_AGAIN = 10_000_000
MAX_DEVICES_AGAIN = 100_000
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
    with without_collecting():
        reading, findings = reading_of(path, profile=profile, set=set)
        return Compiled(None, findings.sorted()) if reading is None else reading.compiled()


def reading_of(
    path: PathLike,
    *,
    profile: str | None = None,
    set: Mapping[str, Any] | None = None,  # as on the command line
) -> tuple[Reading | None, Findings]:
    """Return a beamline that was read, None if its file could not be, and what is wrong."""
    findings = Findings()
    loaded = _load(os.fspath(path), findings)
    kind = read_header(loaded, findings) if loaded is not None else None
    if loaded is not None and kind == "beamline":
        with bounded_compiling():
            return read_beamline(loaded, findings, profile, set), findings
    if loaded is not None and kind is not None:
        place = loaded.root.value_place("kind")
        findings.error("E114", f"this is a file of kind {kind}, not a beamline", place, "name a beamline")
    return None, findings


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
    with without_collecting(), bounded_compiling():
        for path in paths:
            findings = Findings()
            loaded = _load(os.fspath(path), findings)
            kind = read_header(loaded, findings) if loaded is not None else None
            if loaded is not None and kind == "beamline":
                compiled = read_beamline(loaded, findings, profile, set).compiled()
                blueprints.append(compiled.blueprint)
                devices += compiled.device_count
                signals += compiled.signal_count
                if profile is None and not set:
                    _check_profiles(loaded, compiled.device_count, findings)
            elif loaded is not None and kind == "types":
                check_types(loaded, findings)
            elif loaded is not None and kind == "fragment":
                check_fragment(loaded, findings)
            together.extend(findings)
    sound = together.error_count == 0 and len(blueprints) == 1
    return Compiled(blueprints[0] if sound else None, together.sorted(), devices, signals)


def _check_profiles(loaded: LoadedFile, devices: int, findings: Findings) -> None:
    """Report what is wrong in a beamline only if one of its profiles is chosen."""
    profiles = loaded.root.get("profiles")
    if not isinstance(profiles, LocatedMapping):
        return
    most = min(MAX_CHARACTERS_AGAIN // len(loaded.file.text), MAX_DEVICES_AGAIN // (devices + 1))
    for name, body in list(profiles.items())[:most]:
        if isinstance(body, LocatedMapping) and body:
            with findings.within(Note(f"with the profile `{name}`", profiles.key_place(name))):
                read_beamline(loaded, findings, name, None).compiled()


def _load(path: str, findings: Findings) -> LoadedFile | None:
    file = file_of(path, findings)
    return None if file is None else load_file(file, findings)
