"""Which file a path means: a beamline may be named by its folder, and uses files below that folder only."""

import os

from ..errors import Place
from ..source import Findings

BEAMLINE_NAME = "beamline.yaml"


def file_of(path: str, findings: Findings) -> str | None:
    """Return the file that a path of the user means, or None after a diagnostic."""
    if not os.path.isdir(path):
        return path
    file = os.path.join(path, BEAMLINE_NAME)
    if os.path.lexists(file):
        return file
    place = Place(path, 1, 1, 1, 1)
    findings.error("E100", f"there is no `{BEAMLINE_NAME}` in the folder `{path}`", place, "name a file, or make one")
    return None


def used_file(name: str, root: str, place: Place, findings: Findings) -> str | None:
    """Return the path of a file that a beamline uses, or None after a diagnostic.

    :param root: folder of the beamline.
    :param place: where the file is asked for.
    """
    if name.startswith("pkg:"):
        findings.error("E116", "types of an installed package are not supported yet", place, "copy the file here")
        return None
    path = os.path.normpath(os.path.join(root, name))
    real_root = os.path.realpath(root)
    try:
        real = os.path.realpath(path)
    except (OSError, ValueError):
        findings.error("E201", f"`{name}` is no path", place, "write the path of a file")
        return None
    if os.path.isabs(name) or os.path.commonpath([real, real_root]) != real_root:
        help_text = "copy it into the folder of the beamline"
        findings.error("E203", f"`{name}` is outside the folder of the beamline", place, help_text)
        return None
    return path
