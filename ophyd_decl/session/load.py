"""From a file to a beamline, and back from a pickled path to its device."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from ..collecting import without_collecting
from ..compile import compile_beamline
from ..errors import DefinitionError, Diagnostic
from ..source.frames import render_text
from .beamline import Beamline

#: beamlines in use by file, profile and settings.
_loaded: WeakValueDictionary[tuple[str, str | None, str], Beamline] = WeakValueDictionary()


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
    key = (str(Path(path).resolve()), profile, json.dumps(dict(set or {}), sort_keys=True, default=str))
    with without_collecting():
        compiled = compile_beamline(Path(path), profile=profile, set=dict(set or {}))
        if compiled.blueprint is None:
            raise DefinitionError(compiled.diagnostics, _render)
        beamline = Beamline(compiled.blueprint, (restore, key))
    _loaded[key] = beamline
    return beamline


def restore(path: str, profile: str | None, set: str, node: str) -> Any:  # the word of the command line
    """Return a device of the beamline in a file: what pickle stores instead of it.

    It is that of the beamline that was loaded last from this file in this way, and is still in use; else the file is
    loaded.

    :param set: as for `load_beamline`, in JSON.
    """
    beamline = _loaded.get((path, profile, set))
    if beamline is None:
        beamline = load_beamline(path, profile, json.loads(set))
    return beamline[node]


def _render(diagnostics: Sequence[Diagnostic]) -> str:
    return render_text(diagnostics, in_python=True)
