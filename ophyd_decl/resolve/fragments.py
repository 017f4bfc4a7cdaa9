"""Fragments: read once, and made a piece of the beamline for each include, with the names that the include gives."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..blueprint import Reference
from ..errors import Note, Place
from ..model.files import FRAGMENT_FILE
from ..model.kinds import FAILED, Spot
from ..model.params import OptionsFinder, ParamModel
from ..source import Findings, LoadedFile, LocatedList, LocatedMapping, load_text
from ..source.findings import Repetition
from ..source.suggest import listed, suggest
from ..source.text import read_source
from ..source.tree import UNKNOWN, SourceFile
from .catalog import Catalog
from .header import read_header
from .locations import Location
from .params import DeclaredParams, read_params
from .pieces import GivenReference, Piece
from .scope import Scope
from .variables import read_variables


@dataclass(frozen=True, slots=True)
class Fragment:
    """A file of kind fragment.

    :param repetition: what one include of it has reported.
    """

    root: LocatedMapping
    file: SourceFile
    location: Location
    params: DeclaredParams
    repetition: Repetition

    @property
    def place(self) -> Place:
        """Return where it begins."""
        return self.root.key_place(next(iter(self.root)))


@dataclass(frozen=True, slots=True)
class Request:
    """What one include asks for.

    :param place: of the name of the file.
    :param given: the values of `with`, expressions replaced.
    :param prefix: before the names of the devices, this include alone.
    """

    place: Place
    given: LocatedMapping | None = None
    prefix: str = ""


class FragmentReader:
    """Reads fragments, and makes pieces of them.

    :param variables: of the beamline; None for a fragment that is checked alone.
    :param find_options: knows the options of plugins.
    """

    def __init__(
        self, catalog: Catalog, variables: Scope | None, findings: Findings, find_options: OptionsFinder | None = None
    ) -> None:
        self._catalog = catalog
        self._variables = variables
        self._findings = findings
        self._find_options = find_options
        self._files: dict[str, Fragment | None] = {}
        #: fragments, and variables that they do not find, which are reported once.
        self._missed: set[tuple[str, str]] = set()

    def load(self, location: Location, at: Place) -> Fragment | None:
        """Return the fragment that a file holds, or None after diagnostics.

        :param at: where the file is asked for.
        """
        real = os.path.realpath(location.path)
        if real not in self._files:
            self._files[real] = None
            file = read_source(location.path, self._findings, code="E201", at=at)
            if file is not None:
                with self._findings.within(_via(at)):
                    loaded = load_text(file, self._findings)
                    kind = read_header(loaded, self._findings)
                if kind == "fragment":
                    with self._findings.within(_via(at)):
                        self._files[real] = self.read(loaded, location)
                elif kind is not None:
                    summary = f"`{location.path}` is of kind {kind}, and `include` takes fragments"
                    self._findings.error("E114", summary, at, "name a file of kind fragment")
        return self._files[real]

    def read(self, loaded: LoadedFile, location: Location) -> Fragment:
        """Return a fragment whose header is right; mistakes in it are reported."""
        root: LocatedMapping = loaded.root
        values = FRAGMENT_FILE.read(root, self._findings, root.key_place(next(iter(root))))
        params = read_params(values.get("params"), self._findings, self._find_options)
        self._catalog.use(root.get("use"), location)
        return Fragment(root, loaded.file, location, params, Repetition())

    def alone(self, fragment: Fragment) -> Piece:
        """Return a piece of which nothing is known that comes from outside."""
        params = fragment.params
        unknown = dict.fromkeys((*params.sound, *params.failed, *(name for name, _ in _required(fragment))), UNKNOWN)
        origins = {name: param.place for name, param in params.sound.items()}
        piece = Piece(fragment.file, Scope(unknown, self._findings, origins), closed=True)
        piece.references = {
            name: GivenReference(param, UNKNOWN) for name, param in params.sound.items() if param.type == "ref"
        }
        self._add_variables(piece, fragment)
        return piece

    def piece(self, fragment: Fragment, request: Request, outer: Piece) -> Piece:
        """Return the piece that one include makes of a fragment; what is wrong with the include is reported."""
        notes = (_via(request.place), *outer.notes)
        piece = Piece(
            fragment.file, Scope({}, self._findings), outer, closed=True, prefix=outer.prefix + request.prefix,
            notes=notes, repetition=fragment.repetition,
        )  # fmt: skip
        with outer.telling(self._findings):
            self._give(piece, fragment, request)
            self._require(piece, fragment, request)
        if self._variables is not None:
            piece.scope.outside = frozenset(self._variables.values)
        with piece.telling(self._findings):
            self._add_variables(piece, fragment)
        return piece

    def _give(self, piece: Piece, fragment: Fragment, request: Request) -> None:
        """Put the values of the params into the scope of a piece."""
        params = fragment.params
        given = request.given
        for name in () if given is None else given:
            if given is not None and name not in params.sound and name not in params.failed:
                self._report_unknown(name, given, fragment)
        for name, param in params.sound.items():
            value, spot, origin = param.default, None, param.place
            if given is not None and name in given:
                value, spot, origin = given[name], Spot(given, name, self._findings), given.value_place(name)
            elif param.required:
                if given is None or not self._findings.is_misspelt(name, given, params.sound):
                    self._report_missing(param, fragment, request)
                value = UNKNOWN
            piece.scope.values[name] = self._value(param, value, spot, piece)
            piece.scope.origins[name] = origin
        piece.scope.values.update(dict.fromkeys(params.failed, UNKNOWN))

    def _value(self, param: ParamModel, value: Any, spot: Spot | None, piece: Piece) -> Any:
        """Return the value of a param as expressions see it."""
        if spot is not None and (param.type != "ref" or (value is None and param.required)):
            value = param.read(value, spot)
        if value is FAILED:
            value = UNKNOWN
        if param.type == "ref":
            piece.references[param.name] = GivenReference(param, value, spot)
            return value if value is None or value is UNKNOWN else Reference("param", (param.name,))
        return value

    def _report_missing(self, param: ParamModel, fragment: Fragment, request: Request) -> None:
        word = os.path.basename(fragment.location.path)
        notes = (Note(f"`{param.name}` is declared here", param.place),)
        help_text = f"add `with: {{{param.name}: …}}`" + (f", {param.doc}" if param.doc else "")
        self._findings.error("E111", f"`{param.name}` is missing for {word}", request.place, help_text, notes)

    def _report_unknown(self, name: str, given: LocatedMapping, fragment: Fragment) -> None:
        known = [param for param in fragment.params.sound if param not in given]
        params = listed(fragment.params.sound)
        help_text = suggest(name, known) or f"remove it; params: {params}"
        place = fragment.root.key_place("params") if "params" in fragment.root else fragment.place
        notes = (Note("its params are declared here", place),)
        word = os.path.basename(fragment.location.path)
        self._findings.error("E110", f"unknown key `{name}` for {word}", given.key_place(name), help_text, notes)

    def _require(self, piece: Piece, fragment: Fragment, request: Request) -> None:
        """Put the variables that a fragment requires into the scope of its piece."""
        for name, place in _required(fragment):
            known: Mapping[str, Any] = {name: UNKNOWN} if self._variables is None else self._variables.values
            piece.scope.values[name] = known.get(name, UNKNOWN)
            if name not in known and (fragment.location.path, name) not in self._missed:
                self._missed.add((fragment.location.path, name))
                word = os.path.basename(fragment.location.path)
                help_text = self._findings.suggest(name, known) or f"add `{name}:` to `vars`"
                notes = (Note(f"`{name}` is required here", place),)
                summary = f"{word} requires the variable `{name}`, which the beamline does not have"
                self._findings.error("E207", summary, request.place, help_text, notes)
            if self._variables is not None and name in self._variables.origins:
                piece.scope.origins[name] = self._variables.origins[name]

    def _add_variables(self, piece: Piece, fragment: Fragment) -> None:
        """Check the names from outside against each other, and add the variables of the fragment itself."""
        for name, place in _required(fragment):
            if name in fragment.params.sound:
                notes = (Note(f"`{name}` is a param", fragment.params.sound[name].place),)
                self._findings.error("E405", f"`{name}` is a param and required too", place, "remove one", notes)
        variables = fragment.root.get("vars")
        mapping = variables if isinstance(variables, LocatedMapping) else None
        piece.scope = read_variables(mapping, self._findings, piece.scope)


def _via(place: Place) -> Note:
    return Note("via this include", place)


def _required(fragment: Fragment) -> list[tuple[str, Place]]:
    """Return the names in `requires`, and where each stands."""
    names = fragment.root.get("requires")
    if not isinstance(names, LocatedList):
        return []
    return [(name, names.value_place(index)) for index, name in enumerate(names) if isinstance(name, str)]
