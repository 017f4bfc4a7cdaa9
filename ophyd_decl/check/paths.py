"""Paths to devices, signals and commands: how they are written, and what they lead to.

`name(.child | .key | ["quoted"])*`: an element that is neither an identifier nor a whole number is quoted.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from ..blueprint import ChildShape, CommandShape, Member, ServiceBlueprint, Shape, SignalShape, VectorShape

_ELEMENT = re.compile(
    r"""(?P<dot>\.)?(?:(?P<name>[^\W\d]\w*)|(?P<number>\d+))|\[\s*(?:"(?P<quoted>[^"]*)"|(?P<index>\d+))\s*\]"""
)
PathTuple = tuple[str | int, ...]
#: What a name can lead to.
Entity = Member | ServiceBlueprint


class PathError(Exception):
    """A text is not a path."""


def parse_path(text: str) -> PathTuple:
    """Return the elements of a path.

    >>> parse_path('vac["gauge.p1"].value')
    ('vac', 'gauge.p1', 'value')

    :raises PathError: if it is not one.
    """
    elements: list[str | int] = []
    for found in _elements(text):
        if found["name"] is not None:
            elements.append(found["name"])
        elif found["quoted"] is not None:
            elements.append(found["quoted"])
        else:
            elements.append(int(found["number"] or found["index"]))
    if not elements or isinstance(elements[0], int):
        raise PathError(f"`{text.strip()}` is not a path")
    return tuple(elements)


def written_element(text: str, index: int) -> tuple[str, int]:
    """Return an element of a path as it is written, and how often the same text stands before it.

    >>> written_element("channel.1.n", 2)
    ('n', 2)

    :raises PathError: if the text is no path.
    """
    found = list(_elements(text))[index]
    name = next(name for name in ("name", "number", "quoted", "index") if found[name] is not None)
    element, end = found[name], found.start(name)
    occurrence, position = 0, text.find(element)
    while 0 <= position < end:
        occurrence += 1
        position = text.find(element, position + len(element))
    return element, occurrence


def _elements(text: str) -> Iterator[re.Match[str]]:
    position, end = len(text) - len(text.lstrip()), len(text.rstrip())
    first = position
    while position < end:
        found = _ELEMENT.match(text, position, end)
        bracket = found is not None and text[position] == "["
        if found is None or (not bracket and bool(found["dot"]) != (position > first)):
            raise PathError(f"`{text.strip()}` is not a path")
        yield found
        position = found.end()


def write_path(elements: Iterable[str | int]) -> str:
    """Return a path as it is written in a file."""
    text = ""
    for element in elements:
        if isinstance(element, str) and not element.isidentifier():
            text += f'["{element}"]'
        else:
            text += f".{element}" if text else str(element)
    return text


class Content(NamedTuple):
    """What a device holds, as far as paths need it.

    :param members: by name.
    :param roles: names of the roles that it has.
    :param failed: names whose mistakes have been reported; a path through them is not checked.
    :param absent: names that `when` removed.
    :param open: there may be more members than are known, as in a vector whose keys are not known yet.
    :param hosted: a Python class makes the device; what is in it is not known before the class is imported.
    """

    members: Mapping[str, "Entity"]
    roles: frozenset[str]
    failed: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    open: bool = False
    hosted: bool = False


class Target(NamedTuple):
    """What stands at the end of a path; `unknown` where it cannot be said before the type is used.

    `hosted` is a device that a Python class makes, or something in it.

    :param content: of a device.
    """

    kind: Literal["signal", "command", "device", "vector", "service", "hosted", "unknown"]
    signal: SignalShape | None = None
    command: CommandShape | None = None
    vector: VectorShape | None = None
    content: Content | None = None
    service: ServiceBlueprint | None = None

    @property
    def words(self) -> str:
        """Return what it is, for messages."""
        return {
            "signal": "a signal", "command": "a command", "device": "a device", "vector": "a vector",
            "service": "a service", "hosted": "a device of a Python class, or in one", "unknown": "unknown",
        }[self.kind]  # fmt: skip


UNKNOWN_TARGET = Target("unknown")
HOSTED_TARGET = Target("hosted")


class DeadEnd(NamedTuple):
    """A path that leads nowhere: the element that does not exist, and those that do."""

    element: str | int
    known: tuple[str, ...]
    absent: bool = False


class RootView(NamedTuple):
    """The devices of a beamline as the paths of one of its files see them.

    :param content: all devices, by final name.
    :param names: where that leads to which a name means in this file; empty for nothing, None where that is not known,
        or for a mistake that was reported. Without `names` the file sees every final name.
    :param open: there may be more names than are known.
    """

    content: Content
    names: Mapping[str, PathTuple | None] | None = None
    open: bool = False

    def is_nothing(self, name: str | int) -> bool:
        """Return whether a name is a param of the file for which nothing was given."""
        return self.names is not None and self.names.get(str(name)) == ()

    def walk(self, path: PathTuple) -> tuple[PathTuple, Target | DeadEnd]:
        """Return the path from the root of the beamline, and what it leads to."""
        if self.names is None:
            return path, walk(self.content, path)
        first = str(path[0])
        if first not in self.names:
            return path, UNKNOWN_TARGET if self.open else DeadEnd(first, tuple(self.names))
        start = self.names[first]
        if start is None:
            return path, UNKNOWN_TARGET
        if not start:
            return path, DeadEnd(first, tuple(self.names), True)
        final = (*start, *path[1:])
        found = walk(self.content, final)
        if isinstance(found, DeadEnd) and found.element == start[0]:
            found = DeadEnd(first, tuple(self.names), found.absent)
        return final, found


@lru_cache(maxsize=64)
def content_of(shape: Shape) -> Content:
    """Return what a finished shape holds; many references into one device look at it again and again."""
    members = {str(member.key): member for member in shape.members}
    return Content(members, frozenset(role.role for role in shape.roles), hosted=shape.type == "python")


def walk(content: Content, path: PathTuple) -> Target | DeadEnd:
    """Return what a path leads to, from the device that its first element is a member of."""
    target = Target("device", content=content)
    for element in path:
        if target.kind == "hosted":
            return target
        if target.kind == "device" and target.content is not None:
            found = _member(target.content, element)
        elif target.kind == "vector" and target.vector is not None:
            found = _item(target.vector, element)
        else:
            found = DeadEnd(element, ())
        if isinstance(found, DeadEnd) or found.kind == "unknown":
            return found
        target = found
    return target


def _member(content: Content, element: str | int) -> Target | DeadEnd:
    member = content.members.get(element) if isinstance(element, str) else None
    if member is None:
        if element in content.failed or content.open:
            return UNKNOWN_TARGET
        return DeadEnd(element, tuple(content.members), element in content.absent)
    match member:
        case SignalShape():
            return Target("signal", signal=member)
        case CommandShape():
            return Target("command", command=member)
        case VectorShape():
            return Target("vector", vector=member)
        case ServiceBlueprint():
            return Target("service", service=member)
        case ChildShape():
            content = content_of(member.shape)
            return HOSTED_TARGET if content.hosted else Target("device", content=content)


def _item(vector: VectorShape, element: str | int) -> Target | DeadEnd:
    for item in vector.items:
        if item.key == element:
            return Target("device", content=content_of(item.shape))
    # A vector without items is one whose keys are not known before its type is used.
    return DeadEnd(element, tuple(str(item.key) for item in vector.items)) if vector.items else UNKNOWN_TARGET
