"""All devices and services of a beamline: those of its file and of its fragments, with every layer and `repeat`."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import Note
from ..source import Findings, LocatedMapping
from .include import Includer
from .locations import Location
from .overlay import OF_ENTRIES, EntryLayers, Layer, check_names
from .pieces import Entry, Piece
from .repeat import repeated

#: Devices of one beamline; more do not fit into the memory of a workstation.
MAX_DEVICES = 100_000


@dataclass(slots=True)
class Assembly:
    """What the files of a beamline hold.

    :param complete: whether all files could be read.
    """

    devices: list[Entry] = field(default_factory=list[Entry])
    services: list[Entry] = field(default_factory=list[Entry])
    complete: bool = True


def assemble(
    root: LocatedMapping, piece: Piece, location: Location, includer: Includer, findings: Findings,
    layers: Sequence[Layer] = (), others: Sequence[Layer] = (),
) -> Assembly:  # fmt: skip
    """Return the entries of a file and of all that it includes, in the order of the files.

    :param layers: that are merged onto the entries, weakest first.
    :param others: profiles that are not chosen; they are checked as far as that goes.
    """
    includer.collect(root, piece, location)
    taken: dict[str, Entry] = {}
    found: dict[str, list[Entry]] = {}
    for block, entries in zip(OF_ENTRIES, (includer.devices, includer.services), strict=True):
        merger = EntryLayers(block, layers, piece, findings)
        written = merger.apply(entries)
        made = merger.apply(_all_repeated(written, findings))
        new = _all_repeated(merger.new(), findings)
        known = list(dict.fromkeys(entry.name for entry in (*entries, *made, *new)))
        sure = includer.complete and not piece.open
        # What the strongest layer changes, a weaker one need not find any more.
        for layer in layers:
            check_names(layer, block, known if sure and layer.name == layers[-1].name else None, findings)
        for layer in others:
            check_names(layer, block, known if sure and not layers and not layer.may_name_others else None, findings)
        found[block] = _unique([*made, *new], taken, findings)
    return Assembly(found["devices"], found["services"], includer.complete)


def _all_repeated(entries: list[Entry], findings: Findings) -> list[Entry]:
    made: list[Entry] = []
    for entry in entries:
        if isinstance(entry.body, LocatedMapping) and "repeat" in entry.body:
            made.extend(repeated(entry, findings))
            if len(made) > MAX_DEVICES:
                place = entry.place
                findings.error("E105", f"the beamline has more than {MAX_DEVICES} devices", place, "use fewer devices")
                entry.piece.leave_open()
                return []
        else:
            made.append(entry)
    return made


def _unique(entries: list[Entry], taken: dict[str, Entry], findings: Findings) -> list[Entry]:
    """Return the entries, each name once; paths in the file of an entry see it from now on.

    :param taken: entries of the other blocks by name: one that shares a name with them is reported, and kept.
    """
    unique: dict[str, Entry] = {}
    told: set[tuple[int, int]] = set()
    for entry in entries:
        first = unique.get(entry.name) or taken.get(entry.name)
        if first is not None:
            # Of two includes of one fragment with one prefix all names clash: the first one says it.
            pair = (id(first.piece), id(entry.piece))
            if first.piece is entry.piece or first.piece.file is not entry.piece.file or pair not in told:
                told.add(pair)
                in_order = first.piece is not entry.piece or first.place < entry.place
                _report_clash(*((entry, first) if in_order else (first, entry)), findings)
        unique.setdefault(entry.name, entry)
        if entry.piece.closed:
            entry.piece.add_name(entry.name)
    taken.update(unique)
    return list(unique.values())


def _report_clash(entry: Entry, first: Entry, findings: Findings) -> None:
    included = bool(entry.piece.notes or first.piece.notes)
    article = "another" if entry.piece.prefix else "a"
    help_text = f"rename one of them, or give the include {article} `prefix`" if included else "rename one of them"
    notes = (Note(f"`{entry.name}` is first defined here", first.place), *first.piece.notes)
    with entry.telling(findings):
        findings.error("E405", f"two members have the name `{entry.name}`", entry.place, help_text, notes)
