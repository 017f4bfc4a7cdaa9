"""Which file a path means, and that it is one which may be reached.

A file reaches what stands below the folder of its beamline, or of the installed library that it belongs to, and the
files of other installed libraries by name; never anything else, also not by a link.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import Place
from ..source import Findings

BEAMLINE_NAME = "beamline.yaml"
LIBRARY_SCHEME = "pkg:"


@dataclass(frozen=True, slots=True)
class Root:
    """A folder whose files may be reached.

    :param library: name of the installed library that it belongs to, empty for a beamline.
    """

    folder: str
    library: str = ""

    @property
    def words(self) -> str:
        """Return what messages call it."""
        return f"the library `{self.library}`" if self.library else "the folder of the beamline"


@dataclass(frozen=True, slots=True)
class Location:
    """A file, and the folder that bounds what it can name."""

    path: str
    root: Root

    @property
    def folder(self) -> str:
        """Return the folder from which its relative paths start."""
        return os.path.dirname(self.path)


#: Gives the folder of an installed library by name, or None after a diagnostic at the place where it is asked for.
FindLibrary = Callable[[str, Place, Findings], str | None]


class Locator:
    """Finds the files that other files name."""

    def __init__(self, find_library: FindLibrary, findings: Findings) -> None:
        self._find_library = find_library
        self._findings = findings

    def one(self, name: str, asking: Location, place: Place) -> Location | None:
        """Return the file that a name means, or None after a diagnostic.

        :param name: a path from the folder of the file that asks, or `pkg:LIBRARY/FILE`.
        :param asking: the file in which the name stands.
        :param place: where it stands.
        """
        if not name.startswith(LIBRARY_SCHEME):
            return self._below(name, asking.folder, asking.root, place)
        library, _, file = name.removeprefix(LIBRARY_SCHEME).partition("/")
        if not file:
            help_text = f"name a file of it: `{LIBRARY_SCHEME}{library}/FILE`"
            self._findings.error("E201", f"`{name}` is a library, and one file is expected", place, help_text)
            return None
        root = self._library(library, place)
        return None if root is None else self._below(file, root.folder, root, place)

    def all(self, name: str, asking: Location, place: Place) -> list[Location] | None:
        """Return the files that a name means: all of a library, for `pkg:LIBRARY`; None after a diagnostic."""
        library = name.removeprefix(LIBRARY_SCHEME)
        if library == name or "/" in library:
            found = self.one(name, asking, place)
            return None if found is None else [found]
        root = self._library(library, place)
        if root is None:
            return None
        try:
            names = sorted(entry for entry in os.listdir(root.folder) if entry.endswith(".yaml"))
        except OSError as error:
            help_text = "reinstall the library"
            self._findings.error("E201", f"cannot read the library `{library}`: {error.strerror}", place, help_text)
            return None
        found = [self._below(entry, root.folder, root, place) for entry in names]
        return None if None in found else [location for location in found if location is not None]

    def _library(self, name: str, place: Place) -> Root | None:
        folder = self._find_library(name, place, self._findings)
        return None if folder is None else Root(folder, name)

    def _below(self, name: str, folder: str, root: Root, place: Place) -> Location | None:
        if os.path.isabs(name) or "\0" in name:
            return self._refuse(name, root, place)
        path = os.path.normpath(os.path.join(folder, name))
        if not is_below(path, root.folder):
            return self._refuse(name, root, place)
        return Location(path, root)

    def _refuse(self, name: str, root: Root, place: Place) -> None:
        help_text = "copy it there, and write its path relative to this file"
        self._findings.error("E203", f"`{name}` is outside {root.words}", place, help_text)


def is_below(path: str, folder: str) -> bool:
    """Return whether a file stands below a folder when all links are followed."""
    try:
        real_folder = os.path.realpath(folder)
        return os.path.commonpath([os.path.realpath(path), real_folder]) == real_folder
    except (OSError, ValueError):
        return False


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


def location_of(path: str, *, alone: bool = False) -> Location:
    """Return a file that the user names, bounded by its folder.

    :param alone: it is no beamline: the folder of the nearest beamline above it bounds it, if there is one.
    """
    folder = os.path.dirname(path) or "."
    if alone:
        above = os.path.abspath(folder)
        while not os.path.exists(os.path.join(above, BEAMLINE_NAME)) and os.path.dirname(above) != above:
            above = os.path.dirname(above)
        if os.path.exists(os.path.join(above, BEAMLINE_NAME)):
            folder = above
    return Location(path, Root(folder))
