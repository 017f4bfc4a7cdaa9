"""What a type says once the types that it extends were merged into it.

Members, params and roles are merged one by one, before anything of them is read, so that each value is checked by the
same code wherever it comes from and points at the file that won. See the decision on layers and merging.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ..errors import Note, Place
from ..model.blocks import REPLACE, UNSET, report_not_merged
from ..model.types import MEMBER_BLOCKS
from ..source import Findings, LocatedMapping
from ..source.plain import plain
from ..source.tree import Node
from .merge import merge, replaces, unset_keys

LOGIC, PARAMS, PROTOCOL, DOC = "logic", "params", "protocol", "doc"
_WORDS = {LOGIC: "the role", PARAMS: "the param"}


@dataclass(frozen=True, slots=True)
class Definition:
    """A member, param or role, as a type has it.

    :param block: the key of the type that it stands in.
    :param holder: the mapping in which its name stands; one of its own if several types define it.
    :param owner: the type that defines it, or that changed it last.
    :param above: the types that the owner extends.
    """

    block: str
    holder: LocatedMapping
    name: str
    owner: str
    above: tuple[str, ...] = ()

    @property
    def value(self) -> Node:
        """Return what is written behind the name."""
        return self.holder[self.name]

    @property
    def place(self) -> Place:
        """Return where the name stands."""
        return self.holder.key_place(self.name)

    @property
    def layer(self) -> str:
        """Return what brings it, for explanations."""
        return self.owner if self.owner == "group" else f"the type {self.owner}"

    @property
    def alone(self) -> LocatedMapping:
        """Return the mapping in which its name stands, with nothing else in it."""
        holder = self.holder
        return holder if len(holder) == 1 else holder.only((self.name,))

    def made(self, name: str, value: Node) -> "Definition":
        """Return one of several members that are made from it."""
        home = self.holder.home(self.name)
        holder = LocatedMapping(home.file, home.begin)
        holder[name] = value
        holder.spans = {name: home.spans[self.name]}
        return replace(self, holder=holder, name=name)

    def agrees(self, other: "Definition") -> bool:
        """Return whether two types mean the same by a name; what they say about it in words is free."""
        if self.block == DOC or self.owner == other.owner or self.owner in other.above or other.owner in self.above:
            return True
        return self.block == other.block and _essence(self.value) == _essence(other.value)


Definitions = dict[str, Definition]


@dataclass(frozen=True, slots=True)
class Body:
    """A type with all that it takes over, in order: bases first.

    :param bases: all types that it extends, nearest first.
    :param heads: its `protocol` and `doc`, where it has them.
    :param clashes: pairs of members that have one name.
    :param open: a type that it extends is not known, so that there may be more than is said here.
    """

    name: str
    bases: tuple[str, ...] = ()
    members: Definitions = field(default_factory=dict[str, Definition])
    params: Definitions = field(default_factory=dict[str, Definition])
    roles: Definitions = field(default_factory=dict[str, Definition])
    heads: Definitions = field(default_factory=dict[str, Definition])
    clashes: tuple[tuple[Definition, Definition], ...] = ()
    open: bool = False

    def part(self, block: str) -> Definitions:
        """Return what shares its names with a block."""
        if block == PARAMS:
            return self.params
        if block in (PROTOCOL, DOC):
            return self.heads
        return self.roles if block == LOGIC else self.members


def linearize(bases: Sequence[Body]) -> tuple[str, ...] | None:
    """Return the names of all types that one with these bases extends, nearest first; None if they have no order.

    Source: C3, as Python orders the bases of a class.

    >>> linearize([Body("b", ("a",)), Body("c", ("a",))])
    ('b', 'c', 'a')
    """
    waiting = [[body.name, *body.bases] for body in bases]
    waiting.append([body.name for body in bases])
    order: list[str] = []
    while waiting := [names for names in waiting if names]:
        heads = [names[0] for names in waiting]
        free = next((name for name in heads if not any(name in names[1:] for names in waiting)), None)
        if free is None:
            return None
        order.append(free)
        waiting = [names[1:] if names[0] == free else names for names in waiting]
    return tuple(order)


def inherit(
    name: str, own: LocatedMapping, bases: Sequence[Body], order: tuple[str, ...], findings: Findings, *,
    open: bool = False,
) -> Body:  # fmt: skip
    """Return what a type has; members on which its bases disagree, and which it does not define itself, are reported.

    :param own: its own text.
    :param order: names of all bases, nearest first.
    :param open: some of its bases are not known.
    """
    body = Body(name, order, open=open or any(base.open for base in bases))
    disputed = _take_over(body, bases)
    clashes: list[tuple[Definition, Definition]] = []
    for block, entries in own.items():
        if block in (PROTOCOL, DOC):
            disputed.pop((id(body.heads), block), None)
            body.heads[block] = Definition(block, own, block, name, order)
        elif isinstance(entries, LocatedMapping) and block in (*MEMBER_BLOCKS, LOGIC, PARAMS):
            clashes.extend(_add_own(body, block, entries, disputed, findings))
    for first, second in disputed.values():
        _report_dispute(first, second, own, findings)
    return Body(name, order, body.members, body.params, body.roles, body.heads, tuple(clashes), body.open)


#: by the dict that holds the definitions, and the name: what two bases say.
_Disputed = dict[tuple[int, str], tuple[Definition, Definition]]


def _take_over(body: Body, bases: Sequence[Body]) -> _Disputed:
    """Fill a body with all that its bases have, and return on what they disagree."""
    disputed: _Disputed = {}
    for base in bases:
        for block in ("signals", PARAMS, LOGIC, PROTOCOL):
            mine = body.part(block)
            for name, definition in base.part(block).items():
                known = mine.get(name)
                if known is None or definition.owner == known.owner or definition.owner in known.above:
                    mine.setdefault(name, definition)
                elif known.agrees(definition):
                    mine[name] = definition
                else:
                    disputed[id(mine), name] = (known, definition)
    return disputed


def _add_own(
    body: Body, block: str, entries: LocatedMapping, disputed: _Disputed, findings: Findings
) -> Iterator[tuple[Definition, Definition]]:
    """Merge one block of a type onto what it took over, and yield the pairs of members that have one name."""
    mine = body.part(block)
    _take_away(body, block, entries, disputed, findings)
    for name, value in entries.items():
        if name in (REPLACE, UNSET):
            continue
        definition = Definition(block, entries, name, body.name, body.bases)
        known = mine.get(name)
        if known is None:
            mine[name] = definition
        elif (id(mine), name) in disputed and not (isinstance(value, LocatedMapping) and REPLACE in value):
            del disputed[id(mine), name]
            mine[name] = definition
        elif known.block != block or known.owner == body.name:
            yield known, definition
        elif _goes_together(known, value):
            disputed.pop((id(mine), name), None)
            holder = merge(known.alone, definition.alone, findings, layer=definition.layer, below=known.layer)
            mine[name] = Definition(block, holder, name, body.name, body.bases)
        else:
            mine[name] = definition


def _take_away(body: Body, block: str, entries: LocatedMapping, disputed: _Disputed, findings: Findings) -> None:
    """Remove what `$replace` and `$unset` in a block say."""
    mine = body.part(block)
    inherited = [name for name, known in mine.items() if known.block == block and known.owner != body.name]
    if not body.bases and not body.open:
        for key in (REPLACE, UNSET):
            if key in entries:
                report_not_merged(key, entries, findings)
        return
    for name in inherited if replaces(entries, findings) else unset_keys(inherited, entries, findings):
        mine.pop(name, None)
        disputed.pop((id(mine), name), None)


def _goes_together(known: Definition, value: Node) -> bool:
    """Return whether a value is merged onto that of a base: the options of one plugin mean nothing to another."""
    old = known.value
    if known.block != LOGIC or not isinstance(old, LocatedMapping) or not isinstance(value, LocatedMapping):
        return True
    return value.get("use", old.get("use")) == old.get("use")


def _essence(value: Node) -> Node:
    """Return what two definitions must have in common."""
    return plain(value.without("doc")) if isinstance(value, LocatedMapping) else value


def _report_dispute(first: Definition, second: Definition, own: LocatedMapping, findings: Findings) -> None:
    name = first.name
    if first.block == PROTOCOL:
        what, help_text = "the protocol", "add `protocol:`"
    else:
        what = f"{_WORDS.get(first.block, 'the member')} `{name}`"
        help_text = f"define `{name}` below `{first.block}`, which then holds alone"
    notes = tuple(Note(f"that of `{definition.owner}`", definition.place) for definition in (first, second))
    summary = f"`{first.owner}` and `{second.owner}` disagree on {what}"
    findings.error("E205", summary, own.value_place("extends"), help_text, notes)
