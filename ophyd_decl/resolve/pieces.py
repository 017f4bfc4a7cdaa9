"""What a beamline is made of: its own file and the fragments that it includes, and the entries that they bring."""

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from ..errors import Note, Place
from ..model.kinds import Spot
from ..model.params import ParamModel
from ..source import Findings, LocatedMapping, Node, SourceFile
from ..source.findings import Repetition
from .scope import Scope


@dataclass(frozen=True, slots=True)
class GivenReference:
    """What a fragment is given for a param of type `ref`.

    :param value: the reference as it is written, None for nothing; `UNKNOWN` where that is not known.
    :param spot: where it is written.
    """

    param: ParamModel
    value: Any
    spot: Spot | None = None


@dataclass(slots=True, eq=False)
class Piece:
    """One file as it takes part in a beamline; a fragment that is included twice is two pieces.

    :param scope: names that its expressions see.
    :param outer: the piece that includes it; None for the file that was named.
    :param closed: it is a fragment, whose paths see what it knows itself and nothing else.
    :param prefix: stands before the names of its devices, all includes together.
    :param names: devices and services that its paths see: the name here, and the final one.
    :param references: its params of type `ref`, which begin paths too.
    :param open: there may be more names than are known, since something could not be read.
    :param notes: the includes that lead to it, the last one first.
    :param repetition: what an earlier include of the same file has reported.
    """

    file: SourceFile
    scope: Scope
    outer: "Piece | None" = None
    closed: bool = False
    prefix: str = ""
    names: dict[str, str] = field(default_factory=dict[str, str])
    references: dict[str, GivenReference] = field(default_factory=dict[str, GivenReference])
    open: bool = False
    notes: tuple[Note, ...] = ()
    repetition: Repetition | None = None

    @property
    def chain(self) -> "Iterator[Piece]":
        """Yield the piece and those that include it, the file of the beamline last."""
        piece: Piece | None = self
        while piece is not None:
            yield piece
            piece = piece.outer

    def add_name(self, final: str) -> None:
        """Let the paths of the piece, and of those that include it, see a device or service."""
        for piece in self.chain:
            piece.names[final.removeprefix(piece.prefix)] = final

    def leave_open(self) -> None:
        """Remember that names may be missing here, and so in the pieces that include this one."""
        for piece in self.chain:
            piece.open = True

    def telling(self, findings: Findings) -> AbstractContextManager[None]:
        """Add to what is found inside the block how the file came here."""
        return findings.within(*self.notes, repeats=self.repetition) if self.notes else nullcontext()


@dataclass(slots=True, eq=False)
class Entry:
    """One device or service: its final name, its body, and the names that its expressions see.

    :param key: its name in `mapping`, where it is written.
    :param notes: what to say beside mistakes in it: the value of the variable of `repeat`.
    :param repetition: what an earlier item of the same `repeat` has reported.
    """

    name: str
    key: str
    mapping: LocatedMapping
    body: Node
    piece: Piece
    scope: Scope
    notes: tuple[Note, ...] = ()
    repetition: Repetition | None = None

    @property
    def place(self) -> Place:
        """Return where its name stands."""
        return self.mapping.key_place(self.key)

    @property
    def local_name(self) -> str:
        """Return the name that its own file has for it."""
        return self.name.removeprefix(self.piece.prefix)

    @property
    def is_plain(self) -> bool:
        """Return whether it stands in the file of the beamline and is made once."""
        return not self.notes and not self.piece.notes

    @contextmanager
    def telling(self, findings: Findings) -> Generator[None]:
        """Add to what is found inside the block how the entry came here."""
        with self.piece.telling(findings), findings.within(*self.notes, repeats=self.repetition):
            yield


def entries_of(mapping: LocatedMapping, piece: Piece) -> list[Entry]:
    """Return the entries of `devices` or `services` of one file."""
    return [Entry(piece.prefix + key, key, mapping, body, piece, piece.scope) for key, body in mapping.items()]
