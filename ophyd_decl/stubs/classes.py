"""Classes of a stub: one for each type, and one more for each way in which its params change the types of members."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..blueprint import ChildShape, CommandShape, Member, Reference, RoleShape, Shape, SignalShape, VectorShape
from ..check.facts import PluginFacts
from ..check.plugins import find_plugin
from ..check.requirement import Requirement
from ..vocab.datatypes import Datatype
from .names import Names
from .places import place_text
from .texts import child_facts, command_facts, docstring, signal_facts, vector_facts
from .values import Values

OURS = "ophyd_decl"
#: Types whose members stand in a beamline, each for what exists once.
IN_PLACE = frozenset({"group", "tango.device", "pvi.device"})
#: The class that a role adds to a device.
ROLE_CLASSES = {"movable": "Movable", "triggerable": "Triggerable", "flyer": "Flyer"}
#: The option of a plugin for movables that names what is written.
SETPOINT = "setpoint"
#: The param that says which PVI structure a device is made from.
_STRUCTURE = "pvi"
_DIFFERS = "differs from device to device"


@dataclass(slots=True)
class MemberText:
    """One member of a class, as it is written; `facts` end with the place."""

    key: str
    annotation: str
    doc: str
    facts: list[str]
    differs: bool = False

    def lines(self, indent: str = "    ") -> list[str]:
        """Return the annotation and its docstring."""
        facts = [*self.facts[:-1], _DIFFERS, self.facts[-1]] if self.differs else self.facts
        return [f"{indent}{self.key}: {self.annotation}", *docstring(self.doc, facts, indent)]


@dataclass(slots=True)
class ClassText:
    """One class, as it is written."""

    name: str
    bases: str
    doc: list[str]
    members: list[MemberText]
    more: list[str] = field(default_factory=list[str])

    def lines(self) -> list[str]:
        """Return the lines of the class."""
        head = f"class {self.name}({self.bases}):"
        return [head, *self.doc, *(line for member in self.members for line in member.lines()), *self.more]


class Classes:
    """The classes of one stub, in order of their first use.

    :param folder: of the beamline, absolute, without links.
    """

    def __init__(self, names: Names, values: Values, folder: str) -> None:
        self._names = names
        self._values = values
        self._folder = folder
        self._known: dict[tuple[str, str, tuple[tuple[str, str], ...], bool], ClassText] = {}
        self._of_shape: dict[tuple[int, bool, str], tuple[Shape, str]] = {}

    def __iter__(self) -> Iterator[ClassText]:
        """Iterate over the classes, those of members before those that hold them."""
        return iter(self._known.values())

    def of(self, shape: Shape, where: str, *, fill: bool = False) -> str:
        """Return the name of the class of a shape.

        :param where: path of the device; what is declared in place has its class for itself.
        :param fill: whether its server adds members.
        """
        label = where if shape.type in IN_PLACE else shape.type
        key = (id(shape), fill, label)
        known = self._of_shape.get(key)
        if known is None:  # the shape is kept, so that no other one gets its id
            known = self._of_shape[key] = (shape, self._class(shape, label, fill))
        return known[1]

    def signal(self, signal: SignalShape) -> str:
        """Return the type of a signal."""
        kind, datatype = self._names.imported(OURS, f"Signal{signal.access.upper()}"), signal.datatype
        if signal.access == "r":
            return f"{kind}[{self._values.read(datatype)}]"
        if signal.access == "w":
            return f"{kind}[{self._values.written(datatype)}]"
        return f"{kind}[{self._both(self._values.read(datatype), self._values.written(datatype))}]"

    def place(self, member: Member | Shape | RoleShape) -> str:
        """Return where a member is declared."""
        return place_text(member.place, self._folder)

    def _class(self, shape: Shape, label: str, fill: bool) -> str:
        members = [self._member(member, label, fill) for member in shape.members]
        bases = self._bases(shape)
        signature = (label, bases, tuple((member.key, member.annotation) for member in members), fill)
        known = self._known.get(signature)
        if known is not None:
            for mine, other in zip(known.members, members, strict=True):
                mine.differs = mine.differs or mine.facts != other.facts
            return known.name
        doc = docstring(shape.doc, [shape.type, self.place(shape)], "    ")
        made = ClassText(self._names.own(label), bases, doc, members, self._added() if fill else [])
        self._known[signature] = made
        return made.name

    def _added(self) -> list[str]:
        """Return what stands for the members that only the server declares."""
        text, number, anything = self._names.builtin("str"), self._names.builtin("int"), self._values.any()
        return [
            f"    def __getattr__(self, name: {text}) -> {anything}: ...  # what its server adds",
            f"    def __getitem__(self, key: {text} | {number}) -> {anything}: ...",
        ]

    def _member(self, member: Member, label: str, fill: bool) -> MemberText:
        key = str(member.key)
        match member:
            case SignalShape():
                annotation, facts = self.signal(member), signal_facts(member)
            case CommandShape():
                annotation, facts = self._command(member), command_facts(member)
            case ChildShape():
                annotation, facts = self._child(member, f"{label}.{key}", fill), child_facts(member)
            case VectorShape():
                annotation, facts = self._vector(member, f"{label}.{key}", fill), vector_facts(member)
        return MemberText(key, annotation, member.doc, [*facts, self.place(member)])

    def _child(self, child: ChildShape, where: str, fill: bool) -> str:
        filled = fill and any(name == _STRUCTURE for name, _ in child.values)
        return self.of(child.shape, where, fill=filled)

    def _vector(self, vector: VectorShape, where: str, fill: bool) -> str:
        kind = self._names.imported(OURS, "Vector")
        if not vector.items:
            never = self._names.imported("typing", "Never")
            return f"{kind}[{never}, {never}]"
        keys = self._values.literal(tuple(item.key for item in vector.items))
        items = dict.fromkeys(self._child(item, where, fill) for item in vector.items)
        return f"{kind}[{keys}, {' | '.join(items)}]"

    def _command(self, command: CommandShape) -> str:
        argument = "None" if command.argument is None else self._values.written(command.argument)
        returned = "None" if command.returns is None else self._values.read(command.returns)
        return f"{self._names.imported(OURS, 'Command')}[{argument}, {returned}]"

    def _bases(self, shape: Shape) -> str:
        bases: list[str] = []
        for role in shape.roles:
            kind = ROLE_CLASSES.get(role.role)
            if kind is None:
                continue
            here = self._names.imported(OURS, kind)
            if role.role == "movable":
                read, written = self._moved(shape, role)
                here += f"[{self._both(read, written)}]"
            bases.append(here)
        return ", ".join([*bases, self._names.imported(OURS, "Device")])

    @staticmethod
    def _both(read: str, written: str) -> str:
        """Return the types of what is read and written; the second one where it is not just the first.

        A checker takes the first one for the second, and pyright 1.1 then forgets which labels there are.
        """
        return read if read == written and "Literal" not in read else f"{read}, {written}"

    def _moved(self, shape: Shape, role: RoleShape) -> tuple[str, str]:
        """Return what the readback of a movable reads as, and what a set of it takes.

        The readback carries the name of the device. A set takes what the option `setpoint` does, or else the readback,
        where that is a signal that must be writable; of other plugins nobody knows.
        """
        facts, options = find_plugin(role.plugin), role.options
        if not isinstance(facts, PluginFacts):
            return self._values.any(), self._values.any()
        carriers = [name for name in facts.carries_name if options.get(name) is not None]
        readback = self._datatype(shape, options[carriers[0]]) if carriers else None
        writes = [name for name in (SETPOINT, *carriers) if options.get(name) is not None and _is_written(facts, name)]
        setpoint = self._datatype(shape, options[writes[0]]) if writes else None
        read = self._values.any() if readback is None else self._values.read(readback)
        written = self._values.any() if setpoint is None else self._values.written(setpoint)
        positions: dict[str, object] = options.get("positions") or {}
        if positions:
            written = f"{written} | {self._values.literal(tuple(positions))}"
        return read, written

    def _datatype(self, shape: Shape, reference: object) -> Datatype | None:
        """Return the dtype of the signal at a path from a device, None where it is elsewhere."""
        if not isinstance(reference, Reference) or reference.base != "device":
            return None
        member: Member | None = None
        for element in reference.path:
            if isinstance(member, VectorShape):
                member = next((item for item in member.items if item.key == element), None)
            else:
                holder = member.shape if isinstance(member, ChildShape) else shape
                member = next((one for one in holder.members if one.key == element), None)
        return member.datatype if isinstance(member, SignalShape) else None


def _is_written(facts: PluginFacts, option: str) -> bool:
    """Return whether an option of a plugin names a signal that must be writable."""
    mark = facts.options[option].mark if option in facts.options else None
    return isinstance(mark, Requirement) and mark.kind == "signal" and mark.writable
