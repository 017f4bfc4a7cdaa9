"""Which signals are settings, and in which phase each is put back.

Never a derived signal: the signals under it are, each in its own phase, and both would be set twice. Never a command.
Never what moves: the setpoint of a movable, and all that lies under one that is derived, is one only where the file
gives it a phase, since putting settings back must not move a motor that nobody has named.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ...devices.derived import DerivedSignal
from ...devices.node import Node, root_of, walk
from ...devices.parts import part_of
from ...devices.resolve import setpoint_of
from ...devices.roles import Movable
from ...devices.signal import WireSignalRW
from ...errors import OphydDeclError
from ...vocab.datatypes import Datatype


class Setting(NamedTuple):
    """A signal that is saved, and put back in a phase."""

    signal: Any
    phase: int

    @property
    def path(self) -> str:
        """Return its path."""
        return self.signal.path


def settings_of(nodes: Iterable[Any]) -> list[Setting]:
    """Return the settings of devices and signals of one beamline, each once, in file order; hosted ones have none.

    What only a server declares is none: it is there once it has connected, and in no file that says what it is.
    """
    signals: dict[Any, None] = {
        below: None for node in nodes if isinstance(node, Node) for below in walk(node) if _is_declared(below)
    }
    if not signals:
        return []
    moving = _moving(next(iter(signals))._context.shared.devices.values())
    found: list[Setting] = []
    for signal in signals:
        phase = signal._shape.restore
        if phase is None:
            phase = "never" if signal in moving else 0
        if phase != "never":
            found.append(Setting(signal, phase))
    return found


def _is_declared(node: Any) -> bool:
    """Return whether a node is a signal that can be read and written, and that a file declares."""
    if not isinstance(node, WireSignalRW):
        return False
    part = part_of(node)
    return part is None or not part.filled


def _moving(devices: Iterable[Any]) -> set[Any]:
    """Return the signals by which something is moved: setpoints, and what those that are derived write in the end."""
    found: set[Any] = set()
    todo: list[Any] = [node for device in devices for node in walk(device) if isinstance(node, Movable)]
    while todo:
        try:
            signal = setpoint_of(todo.pop())
            under = list(signal.moved) if isinstance(signal, DerivedSignal) else []
        except OphydDeclError:  # it needs a param that was not given: a set is refused, and writes nothing
            continue
        if signal not in found:
            found.add(signal)
            todo.extend(under)
    return found


def types_of(settings: Sequence[Setting]) -> dict[str, str]:
    """Return the types of the devices that hold some settings, by name, in file order."""
    roots = dict.fromkeys(root_of(setting.signal) for setting in settings)
    return {root.path: type_of(root) for root in roots}


def type_of(root: Any) -> str:
    """Return the type of a device of the beamline; `signal` for a bare signal."""
    return "signal" if isinstance(root, WireSignalRW) else root._shape.type


def dtype_text(datatype: Datatype) -> str:
    """Return a dtype with its dimensions as a settings file has it: `float`, `int16[any]`."""
    sizes = "" if datatype.shape is None else f"[{', '.join('any' if n is None else str(n) for n in datatype.shape)}]"
    return datatype.name + sizes


def same_kind(one: str, other: str) -> bool:
    """Return whether two dtypes, as in a settings file, hold the same kind of value; the widths of numbers may differ.

    >>> same_kind("int32", "uint8"), same_kind("float", "int"), same_kind("int[any]", "int"), same_kind("any", "str")
    (True, False, False, True)
    """
    kinds = [_kind(text) for text in (one, other)]
    return "any" in (kinds[0][0], kinds[1][0]) or kinds[0] == kinds[1]


def _kind(text: str) -> tuple[str, int]:
    name, _, sizes = text.partition("[")
    kind = name.removeprefix("u").rstrip("0123456789") if name.startswith(("int", "uint", "float")) else name
    return kind, sizes.count(",") + 1 if sizes else 0
