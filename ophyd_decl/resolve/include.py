"""Puts the devices of included fragments where the include stands, at any depth."""

import os

from ..model.files import INCLUDE
from ..model.kinds import shown
from ..source import Findings, LocatedList, LocatedMapping, Node
from ..vocab.names import is_identifier
from .fragments import FragmentReader, Request
from .locations import Location, Locator
from .pieces import Entry, Piece, entries_of
from .scope import expand

#: Includes of one beamline, and fragments in fragments.
MAX_INCLUDES = 1_000
MAX_DEPTH = 16


class Includer:
    """Collects the entries of a file and of all fragments below it, in the order of the files."""

    def __init__(self, fragments: FragmentReader, locator: Locator, findings: Findings) -> None:
        self._fragments = fragments
        self._locator = locator
        self._findings = findings
        self._open: list[Location] = []
        self._count = 0
        self.devices: list[Entry] = []
        self.services: list[Entry] = []
        #: whether all that is included could be read.
        self.complete = True

    def collect(self, root: LocatedMapping, piece: Piece, location: Location) -> None:
        """Add the entries of a file; `include` stands where its key stands among `devices` and `services`."""
        self._open.append(location)
        for key, value in root.items():
            if key == "include":
                self._include_all(value, piece, location)
            elif isinstance(value, LocatedMapping) and key == "devices":
                self.devices.extend(entries_of(value, piece))
            elif isinstance(value, LocatedMapping) and key == "services":
                self.services.extend(entries_of(value, piece))
        self._open.pop()

    def _include_all(self, value: Node, piece: Piece, location: Location) -> None:
        with piece.telling(self._findings):
            listed = expand(value, piece.scope)
        if not isinstance(listed, LocatedList):
            self._leave_open(piece)
            return
        for index in range(len(listed)):
            self._count += 1
            if self._count > MAX_INCLUDES:
                place = listed.value_place(index)
                self._findings.error("E105", f"more than {MAX_INCLUDES} includes", place, "use `repeat`, or a type")
                self._leave_open(piece)
                return
            if not self._include(listed, index, piece, location):
                self._leave_open(piece)

    def _leave_open(self, piece: Piece) -> None:
        self.complete = False
        piece.leave_open()

    def _include(self, listed: LocatedList, index: int, outer: Piece, asking: Location) -> bool:
        """Add the entries of one item of `include`; False after a diagnostic."""
        with outer.telling(self._findings):
            request = self._request(listed, index)
            found = None if request is None else self._locate(request[0], request[1], outer, asking)
            if request is None or found is None:
                return False
            fragment = self._fragments.load(found, request[1].place)
        if fragment is None:
            return False
        piece = self._fragments.piece(fragment, request[1], outer)
        self.collect(fragment.root, piece, found)
        return True

    def _request(self, listed: LocatedList, index: int) -> tuple[str, Request] | None:
        """Return the file that is asked for and how, or None after a diagnostic."""
        item = listed[index]
        place = listed.value_place(index)
        if isinstance(item, str):
            return item, Request(place)
        if not isinstance(item, LocatedMapping):
            if isinstance(item, str | int | float | list) or item is None:
                help_text = "write the name of a file, or `{file: NAME, with: {…}}`"
                self._findings.error("E120", f"expected an include, got {shown(item)}", place, help_text)
            return None
        before = self._findings.error_count
        values = INCLUDE.read(item, self._findings, place)
        prefix = values.get("prefix", "")
        if isinstance(prefix, str) and prefix and not is_identifier(f"{prefix}x"):
            summary = f"{shown(prefix)} cannot stand before a name"
            help_text = "use letters, digits and `_`, a letter first"
            self._findings.error("E407", summary, item.value_place("prefix"), help_text)
        file = values.get("file")
        if self._findings.error_count != before or not isinstance(file, str) or not isinstance(prefix, str):
            return None
        return file, Request(item.value_place("file"), values.get("with"), prefix)

    def _locate(self, name: str, request: Request, outer: Piece, asking: Location) -> Location | None:
        found = self._locator.one(name, asking, request.place)
        if found is None:
            return None
        real = os.path.realpath(found.path)
        files = [os.path.realpath(location.path) for location in self._open]
        if real in files:
            members = self._open[files.index(real) :]
            words = " → ".join(f"`{os.path.basename(member.path)}`" for member in (*members, found))
            summary = f"files include each other: {words}"
            self._findings.error("E202", summary, request.place, "remove one include")
            return None
        if len(self._open) > MAX_DEPTH:
            summary = f"more than {MAX_DEPTH} fragments in each other"
            self._findings.error("E105", summary, request.place, "include some of them from the beamline")
            return None
        return found
