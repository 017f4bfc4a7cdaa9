"""Device types by name: those of the files that a beamline uses, and the shipped ones, read when asked for."""

import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from ..errors import Note, Place
from ..model.files import TYPES_FILE
from ..model.kinds import shown
from ..model.types import IN_PLACE
from ..source import Findings, LoadedFile, LocatedList, LocatedMapping, Node, load_file
from ..vocab.names import is_identifier
from .header import read_header
from .locations import Location, Locator, Root


class TypeSource(NamedTuple):
    """A type as it is written.

    :param place: its key in the file.
    :param shipped: it travels with the package.
    """

    name: str
    body: LocatedMapping
    place: Place
    shipped: bool = False


class Catalog:
    """All types that can be used."""

    def __init__(self, locator: Locator, findings: Findings) -> None:
        self._locator = locator
        self._findings = findings
        self._types: dict[str, TypeSource] = {}
        self._failed: set[str] = set()
        self._namespaces: dict[str, Place] = {}
        #: paths that were read, as they were given and without links.
        self._read: set[str] = set()
        #: files of types that were asked for.
        self.files: list[Location] = []
        #: a file of types is looked at alone, so that types of other namespaces may be missing.
        self.alone = False

    @property
    def names(self) -> list[str]:
        """Return the names of the types that are known by now."""
        return list(self._types)

    def find(self, name: str) -> TypeSource | None:
        """Return a type, read from the shipped ones if need be; None if there is none."""
        found = self._types.get(name)
        if found is None:
            self._read_shipped(name)
            found = self._types.get(name)
        return found

    def failed(self, name: str) -> bool:
        """Return whether a type was refused, or its file could not be read, so that its absence is no new mistake."""
        return name in self._failed or ("*" in self._failed and "." in name)

    def has_namespace(self, name: str, *, shipped: bool = True) -> bool:
        """Return whether there are any types in the namespace of a type.

        :param shipped: whether those that travel with the package count.
        """
        namespace = name.partition(".")[0]
        if namespace in _shipped_namespaces():
            return shipped
        return any(known.startswith(f"{namespace}.") for known in self._types)

    def is_foreign(self, name: str) -> bool:
        """Return whether a type belongs to a file that only a beamline names."""
        return self.alone and "." in name and not self.has_namespace(name)

    def candidates(self, name: str) -> list[str]:
        """Return the names of all types, for suggestions; shipped ones of a namespace only if it is meant."""
        namespace = name.partition(".")[0]
        names = dict.fromkeys(self._types)
        for folder in _shipped_namespaces():
            if folder == namespace or "." not in name:
                names.update(dict.fromkeys(f"{folder}.{stem}" for stem in _shipped_types(folder)))
        return [*names, *IN_PLACE]

    def use(self, listed: Node, asking: Location) -> None:
        """Read the files that a `use` names.

        :param listed: the value of the key, whatever it is.
        :param asking: the file in which it stands.
        """
        if not isinstance(listed, LocatedList):
            if listed is not None:
                self.mark_incomplete()
            return
        for index, name in enumerate(listed):
            place = listed.value_place(index)
            found = self._locator.all(name, asking, place) if isinstance(name, str) else None
            if found is None:
                self.mark_incomplete()
            for location in found or ():
                self._use_file(location, place)

    def _use_file(self, location: Location, at: Place) -> None:
        real = os.path.realpath(location.path)
        if real in self._read:
            return
        self._read.add(real)
        self.files.append(location)
        if location.root.library:
            self._findings.libraries[location.path] = location.root.library
        loaded = load_file(location.path, self._findings, code="E201", at=at)
        kind = None if loaded is None else read_header(loaded, self._findings)
        if loaded is None or kind is None:
            self.mark_incomplete()
        elif kind != "types":
            summary = f"`{location.path}` is of kind {kind}, and `use` takes types"
            self._findings.error("E114", summary, at, "name a file of kind types")
        else:
            self.add(loaded, location)

    def add(self, loaded: LoadedFile, location: Location, *, shipped: bool = False) -> list[TypeSource]:
        """Take over the types of a file whose header is right."""
        real = os.path.realpath(loaded.file.name)
        self._read.add(real)
        shipped = shipped or real.startswith(_REAL_LIBRARY)
        root: LocatedMapping = loaded.root
        first = next(iter(root), "api")
        values = TYPES_FILE.read(root, self._findings, root.key_place(first))
        namespace = values.get("namespace")
        types = values.get("types")
        self.use(root.get("use"), location)
        if namespace is not None and not is_identifier(str(namespace)):
            place = root.value_place("namespace")
            self._findings.error("E407", f"{shown(namespace)} is no name for a namespace", place, "use one word")
            namespace = None
        if namespace is None or types is None:
            self.mark_incomplete()
            if namespace is None and types is not None:
                namespace = "…"
            else:
                return []
        if not shipped and namespace in _shipped_namespaces():
            place = root.value_place("namespace")
            self._findings.error("E405", f"the namespace `{namespace}` is taken by shipped types", place, "rename it")
        return self._add_types(str(namespace), types, shipped)

    def _add_types(self, namespace: str, types: LocatedMapping, shipped: bool) -> list[TypeSource]:
        added: list[TypeSource] = []
        for name, body in types.items():
            full = f"{namespace}.{name}"
            place = types.key_place(name)
            if not is_identifier(name):
                short = name.removeprefix(f"{namespace}.")
                help_text = f"write `{short}`" if is_identifier(short) else "use letters, digits and `_`"
                self._findings.error("E407", f"`{name}` is no name for a type", place, help_text)
                self._failed.add(full)
            elif not isinstance(body, LocatedMapping):
                summary = f"expected a mapping, got {shown(body)}"
                self._findings.error("E120", summary, types.value_place(name), "write the members of the type")
                self._failed.add(full)
            elif full in self._types:
                notes = (Note("first defined here", self._types[full].place),)
                self._findings.error("E405", f"two types have the name `{full}`", place, "rename one of them", notes)
            else:
                self._types[full] = TypeSource(full, body, place, shipped)
                added.append(self._types[full])
        return added

    def mark_incomplete(self) -> None:
        """Remember that types may be missing because a file could not be read."""
        self._failed.add("*")

    def _read_shipped(self, name: str) -> None:
        namespace, _, stem = name.partition(".")
        if not stem or namespace not in _shipped_namespaces():
            return
        stems = _shipped_types(namespace)
        for candidate in [stem] if stem in stems else stems:
            path = str(_LIBRARY / namespace / f"{candidate}.yaml")
            if path in self._read:
                continue
            real = os.path.realpath(path)
            known = real in self._read
            self._read |= {path, real}
            if known:
                continue
            self._findings.libraries[path] = _SHIPPED.library
            loaded = load_file(path, self._findings)
            if loaded is not None and read_header(loaded, self._findings) == "types":
                self.add(loaded, Location(path, _SHIPPED), shipped=True)


_LIBRARY = Path(__file__).parents[1] / "library"
_SHIPPED = Root(str(_LIBRARY), "ophyd_decl")
_REAL_LIBRARY = os.path.join(os.path.realpath(_LIBRARY), "")


@lru_cache(maxsize=1)
def _shipped_namespaces() -> list[str]:
    return sorted(entry.name for entry in _LIBRARY.iterdir() if entry.is_dir() and is_identifier(entry.name))


def shipped_types() -> list[str]:
    """Return the names of all types that travel with the package; each stands in a file of its name."""
    return [f"{namespace}.{stem}" for namespace in _shipped_namespaces() for stem in _shipped_types(namespace)]


@lru_cache(maxsize=64)
def _shipped_types(namespace: str) -> list[str]:
    folder = _LIBRARY / namespace
    if not folder.is_dir():
        return []
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))
