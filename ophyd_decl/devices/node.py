"""The node of the device tree: a name, a parent and a path; no I/O.

The names of members belong to the user, so what is not a verb of the contract begins with an underscore here and in
`Device`: `_context`, `_place`, `_shape` are for this package and for plugins.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from ..errors import Place
from ..errors.diagnostic import PlaceOfUse
from .context import Context


class Node:
    """A device, vector, signal or command in the tree of a beamline."""

    __slots__ = ("__weakref__", "_context", "_declared_at", "_key", "_name", "_parent")

    #: whether there can be anything below it.
    _has_members: ClassVar[bool] = False

    def __init__(self, context: Context, parent: "Node | None", key: str | int, name: str | None, place: Place) -> None:
        self._context = context
        self._parent = parent
        self._key = key
        self._name = name
        self._declared_at = place

    @property
    def _place(self) -> Place:
        """Return where it is declared, as `_told_at` gives it."""
        return self._told_at(self._declared_at)

    def _told_at(self, place: Place) -> Place:
        """Return the place at which what concerns a place of this node is told.

        Of what a library declares that is the nearest device above that the user has declared.
        """
        libraries = self._context.shared.libraries
        if place.file not in libraries:
            return place
        node: Node | None = self
        while node is not None and node._declared_at.file in libraries:
            node = node._parent
        return place if node is None else PlaceOfUse.of(node._declared_at, place)

    @property
    def name(self) -> str:
        """Return the name that its keys in documents begin with."""
        name = self._name
        if name is None:
            above = self._parent.name if self._parent is not None else ""
            name = self._name = f"{above}{self._context.shared.separator}{self._key}" if above else str(self._key)
        return name

    @property
    def parent(self) -> Any:
        """Return the device that holds this one; None at the top."""
        return self._parent

    @property
    def path(self) -> str:
        """Return the path from the root of the beamline, `stage.x.velocity`; what is no identifier is quoted."""
        key = self._key
        quote = "'" if '"' in str(key) else '"'
        part = str(key) if isinstance(key, int) or key.isidentifier() else f"[{quote}{key}{quote}]"
        if self._parent is None:
            return str(key)
        return f"{self._parent.path}.{part}" if not part.startswith("[") else self._parent.path + part

    def children(self) -> Iterator[tuple[str | int, "Node"]]:
        """Yield key and node of every direct member, in file order."""
        return iter(())

    def __copy__(self) -> "Node":
        """Return the node itself: there is one of it."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Node":
        """Return the node itself: there is one of it."""
        return self

    def __reduce__(self) -> Any:
        """Pickle as a reference: the file and the path."""
        restore = self._context.shared.restore
        if restore is None:
            raise TypeError(f"{self.path} was made without a file and cannot be pickled")
        function, arguments = restore
        return function, (*arguments, self.path)


def root_of(node: Any) -> Any:
    """Return the device or signal of the beamline that holds a node; itself at the top."""
    while node.parent is not None:
        node = node.parent
    return node


def walk(node: Node) -> list[Node]:
    """Return the node and everything below it, in file order."""
    found = [node]
    _collect(node, found)
    return found


def _collect(node: Node, found: list[Node]) -> None:
    for _, child in node.children():
        found.append(child)
        if child._has_members:
            _collect(child, found)
