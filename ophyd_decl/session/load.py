"""From a file to a beamline, and back from a pickled path to its device."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..compile import compile_beamline
from ..errors import DefinitionError
from ..source.frames import render_text
from .beamline import Beamline

_restored: dict[tuple[str, str | None], Beamline] = {}


def load_beamline(
    path: str | os.PathLike[str],
    profile: str | None = None,
    set: Mapping[str, Any] | None = None,  # the word of the command line
) -> Beamline:
    """Return the beamline of a file or folder; no I/O but reading the files.

    :param path: `beamline.yaml`, or the folder that holds it.
    :param profile: one of its profiles.
    :param set: values by path, for instance `{"vars.bl": "BL22I"}`; the strongest of all.
    :raises DefinitionError: if the files are wrong; lists every mistake with its place.
    """
    compiled = compile_beamline(Path(path), profile=profile, set=dict(set or {}))
    if compiled.blueprint is None:
        raise DefinitionError(compiled.diagnostics, render_text)
    beamline = Beamline(compiled.blueprint, (restore, (str(Path(path).resolve()), profile)))
    _restored.setdefault((str(Path(path).resolve()), profile), beamline)
    return beamline


def restore(path: str, profile: str | None, node: str) -> Any:
    """Return the device at a path of the beamline in a file: what pickle stores instead of a device."""
    beamline = _restored.get((path, profile))
    if beamline is None:
        beamline = load_beamline(path, profile)
    return beamline[node]
