"""Places as a stub shows them: the same on every machine, wherever the command is called."""

import os
import sys

from ..errors import Place

_PACKAGE_PARENT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def place_text(place: Place, folder: str) -> str:
    """Return `file:line`, with the file as seen from the folder of the beamline, or from where its package lies.

    :param folder: absolute, without links.
    """
    if place.in_call:
        return place.file.partition("=")[0]
    file = os.path.realpath(place.file)
    below = os.path.relpath(file, folder)
    if below.startswith(os.pardir):
        library = os.path.join(_PACKAGE_PARENT, "ophyd_decl", "library")
        roots = [
            os.path.realpath(root) for root in (_PACKAGE_PARENT if file.startswith(library) else "", *sys.path) if root
        ]
        inside = [root for root in roots if file.startswith(root.rstrip(os.sep) + os.sep)]
        below = os.path.relpath(file, max(inside, key=len)) if inside else os.path.basename(file)
    return f"{below.replace(os.sep, '/')}:{place.line}"
