"""Layers above the file of a beamline: its profile, and values that are set from outside.

A layer is a mapping with the keys of a beamline. All but its `devices` and `services` is merged into the root before
anything is read; those are merged onto the entries, by final name, when all files are known.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ..model.kinds import shown
from ..source import Findings, LocatedList, LocatedMapping, Node
from ..source.suggest import listed
from .merge import REPLACE, UNSET, merge
from .pieces import Entry, Piece
from .scope import expand

#: Keys whose values are merged onto entries.
OF_ENTRIES = ("devices", "services")
_WORDS = {"devices": "device", "services": "service"}


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    :param name: what explanations call it: `profile mock`, `--set`.
    """

    name: str
    root: LocatedMapping

    @property
    def may_name_others(self) -> bool:
        """Return whether it changes what entries there are, so that it may name some that only it makes."""
        return "vars" in self.root or "include" in self.root

    def entries(self, block: str) -> LocatedMapping | None:
        """Return what it says of `devices` or `services`."""
        found = self.root.get(block)
        return found if isinstance(found, LocatedMapping) else None


def merged_root(root: LocatedMapping, layers: Collection[Layer], findings: Findings) -> LocatedMapping:
    """Return the root of a beamline with all layers merged into it, but for what they say of entries."""
    for layer in layers:
        rest = layer.root.without(*OF_ENTRIES)
        if rest:
            root = merge(root, rest, findings, layer=layer.name)
    return root


class EntryLayers:
    """Merges layers onto the entries of one block.

    :param block: `devices` or `services`.
    :param piece: the file of the beamline, whose names the layers see.
    """

    def __init__(self, block: str, layers: Collection[Layer], piece: Piece, findings: Findings) -> None:
        self._block = block
        self._piece = piece
        self._findings = findings
        self._layers = [
            (layer, mapping) for layer in layers if (mapping := layer.entries(block)) is not None
        ]  # fmt: skip
        #: names that were found, for each layer.
        self._found: dict[int, set[str]] = {}
        #: names to be removed that were not found yet, for each layer.
        self._later: dict[int, list[Node]] = {}

    def apply(self, entries: list[Entry]) -> list[Entry]:
        """Return the entries with the layers merged onto those that they name; later calls leave out what was found."""
        if not self._layers:
            return entries
        by_name = {entry.name: entry for entry in entries}
        for index, (layer, mapping) in enumerate(self._layers):
            found = self._found.setdefault(index, set())
            here = [name for name in mapping if name in by_name and name not in found]
            mapping, directives = self._directives(index, mapping, by_name)
            if here or directives:
                self._merge(layer, mapping, [*here, *directives], by_name)
            found.update(here)
        return [by_name[entry.name] for entry in entries if entry.name in by_name]

    def _directives(
        self, index: int, mapping: LocatedMapping, known: Collection[str]
    ) -> tuple[LocatedMapping, list[str]]:
        """Return what a layer says with those of its directives that hold now, and their names.

        `$unset` also takes names of entries that `repeat` makes, which are known at the second call.
        """
        found, unset = self._found[index], mapping.get(UNSET)
        first = not {REPLACE, UNSET} & found
        names = [name for name in (REPLACE, UNSET) if name in mapping and (first or name == UNSET)]
        found.update((REPLACE, UNSET))
        if first and isinstance(unset, LocatedList):
            self._later[index] = [item for item in unset if item not in known]
            unset = _some(unset, [item for item in unset if item in known])
        elif isinstance(unset, LocatedList):
            unset = _some(unset, self._later[index])
        if isinstance(unset, LocatedList):
            mapping = mapping.replaced({UNSET: unset})
        return mapping, names if first or unset else []

    def _merge(self, layer: Layer, mapping: LocatedMapping, names: list[str], by_name: dict[str, Entry]) -> None:
        base = LocatedMapping(mapping.file, mapping.begin)
        base.update({name: entry.body for name, entry in by_name.items()})
        base.origins = {}
        over = mapping.only(names)
        for name in names:
            # The names in a fragment are not those of the file in which the layer stands.
            if name in by_name and by_name[name].piece.closed:
                over[name] = expand(over[name], self._piece.scope)
        merged = merge(base, over, self._findings, layer=layer.name)
        for name in list(by_name):
            if name not in merged:
                del by_name[name]
            elif merged[name] is not by_name[name].body:
                by_name[name] = self._changed(by_name[name], merged[name], mapping)

    def _changed(self, entry: Entry, body: object, mapping: LocatedMapping) -> Entry:
        if isinstance(body, LocatedMapping):
            return replace(entry, body=body)
        return replace(entry, body=body, mapping=mapping, key=entry.name)

    def new(self) -> list[Entry]:
        """Return the entries that only layers have."""
        made: dict[str, Entry] = {}
        for index, (layer, mapping) in enumerate(self._layers):
            found = self._found.setdefault(index, set())
            for name, body in mapping.items():
                if name in found or name in (REPLACE, UNSET) or not isinstance(body, LocatedMapping):
                    continue
                if name in made:
                    self._merge(layer, mapping, [name], made)
                elif "type" in body:
                    made[name] = Entry(name, name, mapping, body, self._piece, self._piece.scope)
        return list(made.values())


def _some(items: LocatedList, wanted: Sequence[Node]) -> LocatedList:
    """Return some items of a list, each with its place."""
    kept = [index for index, item in enumerate(items) if item in wanted]
    some = items.replaced([items[index] for index in kept])
    some.spans = [items.spans[index] for index in kept] if items.spans else []
    return some


def check_names(layer: Layer, block: str, known: Collection[str] | None, findings: Findings) -> None:
    """Report what a layer says of entries that do not exist; one with a `type` is a new one.

    :param known: names of entries, before and after `repeat`; None: there may be others.
    """
    if block not in layer.root:
        return
    mapping = layer.entries(block)
    if mapping is None:
        place = layer.root.value_place(block)
        summary = f"expected a mapping, got {shown(layer.root[block])}"
        findings.error("E120", summary, place, f"write the names of {block}, and what is to be changed")
        return
    for name, body in mapping.items():
        if name in (REPLACE, UNSET):
            continue
        if not isinstance(body, LocatedMapping):
            place = mapping.value_place(name)
            findings.error("E120", f"expected a mapping, got {shown(body)}", place, "write what is to be changed")
        elif known is not None and name not in known and "type" not in body:
            help_text = findings.suggest(name, known) or f"there are: {listed(known)}"
            findings.error("E402", f"there is no {_WORDS[block]} `{name}`", mapping.key_place(name), help_text)
