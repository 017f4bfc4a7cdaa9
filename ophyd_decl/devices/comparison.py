"""What a device is declared to have, beside what its server says that it has: where it is, or why it is not there."""

from typing import Any

from ..errors import AbsentError, MismatchError, SignalError
from ..vocab.listing import DEVICE, Entry, item_key
from ..vocab.names import served_name
from . import fill
from .device import Device, Vector
from .listed import Listed, ListedCommand, ListedSignal, misfit
from .node import Node
from .parts import At, Listing, Part, part_of

MISSING, OTHER_KIND = "E630", "E632"
_OTHER = "it is something else in the PVI structure"


class Comparison:
    """One device, or vector, and its structure.

    :param anew: whether a member may be found at other PVs than before; else it stays refused.
    """

    def __init__(self, holder: Part, listing: Listing, *, anew: bool) -> None:
        self._holder = holder
        self._listing = listing
        self._anew = anew
        #: members whose PVs are known now.
        self.found: list[Listed] = []
        #: devices and vectors that have structures of their own, with the PVs of these.
        self.inner: list[tuple[Part, str]] = []

    def run(self) -> None:
        """Compare all that is declared, and add what only the server declares where the file says so."""
        holder, listing = self._holder, self._listing
        holder.compared = True
        if self._anew:
            for part in [part for part in holder.inside if part.filled and self._is_other(part)]:
                _remove(part)
        if holder.filled and isinstance(holder.node, Device) and _has_items_only(listing):
            fill.make_vector(holder)
        if _is_vector(holder):
            for part in list(holder.inside):
                self._settle(part, (f"__{part.node._key}", None))
        else:
            for part in list(holder.inside):
                self._member(part)
        if holder.node._context.connection.fill:
            self._fill()

    def _is_other(self, part: Part) -> bool:
        """Return whether the server declares something else now than it did when this was added."""
        return part.entry is not None and part.entry != self._listing.entries.get(part.at) and not _is_held(part)

    def _member(self, part: Part) -> None:
        name = part.at[0] if part.filled and part.at[0] else served_name(str(part.node._key))
        items = self._listing.items(name)
        if not _is_vector(part):
            self._settle(part, (name, None), items)
            return
        if not items:
            part.is_array = False
            self._settle(part, (name, None))
            return
        part.is_array, part.problem = True, None
        for item in part.inside:
            self._settle(item, (name, item.node._key if isinstance(item.node._key, int) else -1))

    def _settle(self, part: Part, at: At, items: dict[int, Entry] | None = None) -> None:
        """Take an entry for a declared member, or note why it cannot be it."""
        part.at = at
        entry = self._listing.entries.get(at)
        if part.entry is not None and entry != part.entry and (not self._anew or _is_held(part)):
            return
        error = self._misfit(part, entry, items)
        part.problem = error
        if error is not None or entry is None:
            part.entry = None
            for inside in part.walk():
                if isinstance(inside.node, Listed):
                    inside.node.release()
            return
        part.entry = entry
        if isinstance(part.node, Listed):
            part.node.settle(entry)
            self.found.append(part.node)
        else:
            self.inner.append((part, entry.at(DEVICE)))

    def _misfit(self, part: Part, entry: Entry | None, items: dict[int, Entry] | None) -> SignalError | None:
        node = part.node
        if entry is None:
            if items:
                return mismatch(part, _OTHER, _declared(node), "a vector", source=self._listing.source)
            return self._missing(part)
        if isinstance(node, Listed):
            error = misfit(node, entry)
            if error is not None:
                error.source = self._listing.source
                return error.about(node.path, node._place)
        elif not entry.at(DEVICE):
            return mismatch(part, _OTHER, _declared(node), str(entry), source=self._listing.source)
        return None

    def _missing(self, part: Part) -> SignalError:
        from difflib import get_close_matches

        node: Any = part.node
        problem = "the PVI structure does not have it"
        if isinstance(node, ListedSignal) and node._shape.optional:
            return AbsentError(problem, source=self._listing.source).about(node.path, node._place)
        name, key = part.at
        served = self._listing.entries if key is None else self._listing.items(name)
        names = list(dict.fromkeys(_in_words(one if isinstance(one, int) else one[0]) for one in served))
        near = get_close_matches(name, names, 1, 0.7)
        found = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        error = mismatch(part, problem, _declared(node), found or "nothing", MISSING, self._listing.source)
        error.help = f"did you mean `{near[0]}`?" if near and near[0] != name else "mend the name, or remove it"
        return error

    def _fill(self) -> None:
        """Add what the structure has and the file has not; take away what it has no more."""
        holder, entries = self._holder, self._listing.entries
        if self._anew:
            for part in [part for part in holder.inside if part.filled and part.problem is not None]:
                _remove(part)
        if fill.is_tango(holder.node):
            self._fill_tango()
            return
        vector = _is_vector(holder)
        taken = {part.at for part in holder.inside}
        for at, entry in entries.items():
            name, key = at
            if vector:
                key = item_key(name)
                if key is not None and at not in taken and key not in _keys(holder.node):
                    self._add(holder, at, key, entry)
            elif key is None:
                here = fill.key_of(name)
                if at not in taken and here not in _keys(holder.node):
                    self._add(holder, at, here, entry)
            else:
                self._fill_item(at, key, entry)

    def _fill_tango(self) -> None:
        """Add the attributes and commands that the file does not declare, under whatever name."""
        holder = self._holder
        taken, declared = {part.at for part in holder.inside}, fill.declared(holder.node)
        for at, entry in self._listing.entries.items():
            if at not in taken and not fill.is_declared(entry, declared):
                self._add(holder, at, fill.free_key(at[0], _keys(holder.node)), entry)

    def _fill_item(self, at: At, key: int, entry: Entry) -> None:
        here = fill.key_of(at[0])
        node = dict(self._holder.node.children()).get(here)
        part = fill.add_vector(self._holder, here) if node is None else part_of(node)
        if part is not None and _is_vector(part) and key not in _keys(part.node):
            self._add(part, at, key, entry)

    def _add(self, above: Part, at: At, key: str | int, entry: Entry) -> None:
        part = fill.add(above, at, key, entry)
        if part is not None:
            self._settle(part, at)


def mismatch(
    part: Part, problem: str, expected: str | None, found: str, code: str = OTHER_KIND, source: str = ""
) -> MismatchError:
    """Return the error of a member that is not what it is declared as."""
    help = "declare it as what the structure says" if expected else "mend the structures on the server"
    error = MismatchError(problem, expected=expected, found=found, help=help, source=source)
    error.code = code
    return error.about(part.node.path, part.node._place)


def _declared(node: Any) -> str:
    if isinstance(node, ListedSignal):
        return f"a signal (access: {node._shape.access})"
    if isinstance(node, ListedCommand):
        return "a command (x)"
    return "a vector" if isinstance(node, Vector) else "a device"


def _has_items_only(listing: Listing) -> bool:
    return bool(listing.entries) and all(item_key(name) is not None for name, _ in listing.entries)


def _in_words(name: str | int) -> str:
    """Return what messages call an entry: its name, or which item it is."""
    key = name if isinstance(name, int) else item_key(name)
    return str(name) if key is None else f"item {key}"


def _is_vector(part: Part) -> bool:
    return isinstance(part.node, Vector)


def _keys(node: Node) -> dict[str | int, Node]:
    return dict(node.children())


def _is_held(part: Part) -> bool:
    """Return whether a monitor is held of anything in a part, which must stay where it is then."""
    return any(isinstance(one.node, ListedSignal) and one.node.is_held for one in part.walk())


def _remove(part: Part) -> None:
    """Take away what the structure does not have any more."""
    parent: Any = part.node.parent
    for inside in part.walk():
        if inside.inner is not None:
            inside.inner.holders.remove(inside)
        if isinstance(inside.node, Listed):
            inside.node.release()
    parent._drop(part.node._key)
    if part.above is not None:
        part.above.inside.remove(part)
