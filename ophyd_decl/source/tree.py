"""The located tree: mappings and lists of a YAML file that know the place of every key and value.

Scalars are plain Python values; their places are kept in the mapping or list that holds them, which costs a third of
what text subclasses would. Nothing here knows the language.
"""

import re
from collections.abc import Container, Mapping
from typing import Any, NamedTuple, Protocol

from ..errors import Place

#: The end of a line. Source: YAML 1.2.2, production 28, b-break.
_LINE_BREAK = re.compile("\r\n|[\n\r]")

Node = Any
"""A scalar (`str int float bool None`), a `LocatedMapping`, a `LocatedList`, or what `resolve` put in their place."""


class Mark(Protocol):
    """A position as the YAML parsers give it: line and column from 0, in code points."""

    @property
    def line(self) -> int:
        """Return the line."""
        ...

    @property
    def column(self) -> int:
        """Return the column."""
        ...


class Span(Protocol):
    """A parser event: where a key or a value begins and ends."""

    @property
    def start_mark(self) -> Mark:
        """Return where it begins."""
        ...

    @property
    def end_mark(self) -> Mark:
        """Return where it ends, exclusive."""
        ...


class SourceFile:
    """One text file: its name, as it was opened, and its text."""

    __slots__ = ("_lines", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._lines: list[str] | None = None

    def line(self, number: int) -> str:
        """Return a line, counted from 0, without its end; empty outside the file."""
        if self._lines is None:
            self._lines = _LINE_BREAK.split(self.text)
        return self._lines[number] if 0 <= number < len(self._lines) else ""

    @property
    def line_count(self) -> int:
        """Return how many lines there are; what follows the last line break counts as one."""
        self.line(0)
        return len(self._lines or ())

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and column of a character, from 0."""
        breaks = [found.end() for found in _LINE_BREAK.finditer(self.text, 0, offset)]
        return len(breaks), offset - (breaks[-1] if breaks else 0)

    def place(self, start: Mark, end: Mark) -> Place:
        """Return the place between two marks."""
        return Place(self.name, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def point(self, line: int, column: int, width: int = 1) -> Place:
        """Return the place of `width` characters; line and column from 0."""
        return Place(self.name, line + 1, column + 1, line + 1, column + 1 + width)

    def part(self, start: Mark, end: Mark, part: str, occurrence: int = 0) -> Place:
        """Return the place of a text between two marks, as it is written there; all of it where it is not found."""
        seen = 0
        for number in range(start.line, end.line + 1):
            line = self.line(number)
            column = start.column if number == start.line else 0
            stop = end.column if number == end.line else len(line)
            while part and (found := line.find(part, column, stop)) >= 0:
                if seen == occurrence:
                    return self.point(number, found, len(part))
                seen += 1
                column = found + len(part)
        return self.place(start, end)

    @property
    def start(self) -> Place:
        """Return the first character, for what concerns the whole file."""
        return self.point(0, 0)


class Origin(NamedTuple):
    """Where one key of a merged mapping is written.

    :param mapping: that holds the key.
    :param layer: what brought it: `the type epics.motor`, `overrides`, `profile mock`.
    """

    mapping: "LocatedMapping"
    layer: str


class LocatedMapping(dict[str, Node]):
    """A mapping of the file, in file order.

    `spans` holds, for each key, the events of the key, of the start of its value and of the end of its value.
    """

    __slots__ = ("begin", "end", "file", "odd_keys", "origins", "spans")

    def __init__(self, file: SourceFile, begin: Span) -> None:
        self.file = file
        self.begin = begin
        self.end = begin
        self.spans: dict[str, tuple[Span, Span, Span]] = {}
        #: keys that are written as numbers, booleans or null, with that value; None: there are none.
        self.odd_keys: dict[str, Any] | None = None
        #: for a merged mapping: where each key is written, the one that won first; None: all of it stands here.
        self.origins: dict[str, tuple[Origin, ...]] | None = None

    def home(self, key: str) -> "LocatedMapping":
        """Return the mapping in which a key is written; itself unless it was merged from several."""
        found = self.origins.get(key) if self.origins is not None else None
        return self if found is None else found[0].mapping

    def key_place(self, key: str) -> Place:
        """Return where a key stands; the whole mapping for a key that is not in the file."""
        home = self.home(key)
        if home is not self:
            return home.key_place(key)
        span = self.spans.get(key)
        return self.place if span is None else self.file.place(span[0].start_mark, span[0].end_mark)

    def key_part_place(self, key: str, part: str, occurrence: int = 0) -> Place:
        """Return where a part of the text of a key stands; the whole key where it cannot be found."""
        home = self.home(key)
        if home is not self:
            return home.key_part_place(key, part, occurrence)
        span = self.spans.get(key)
        if span is None:
            return self.place
        return self.file.part(span[0].start_mark, span[0].end_mark, part, occurrence)

    def value_place(self, key: str) -> Place:
        """Return where the value of a key stands; the key itself where the value is empty."""
        home = self.home(key)
        if home is not self:
            return home.value_place(key)
        span = self.spans.get(key)
        if span is None:
            return self.place
        value = self.get(key)
        end = end_of(value) if value is not None and span[2] is getattr(value, "end", None) else span[2]
        place = self.file.place(span[1].start_mark, end.end_mark)
        return place if (place.line, place.column) != (place.end_line, place.end_column) else self.key_place(key)

    def part_place(self, key: str, part: str, occurrence: int = 0) -> Place:
        """Return where a part of the text of a value stands; the whole value where it cannot be found."""
        home = self.home(key)
        if home is not self:
            return home.part_place(key, part, occurrence)
        span = self.spans.get(key)
        if span is None:
            return self.place
        return self.file.part(span[1].start_mark, span[2].end_mark, part, occurrence)

    @property
    def place(self) -> Place:
        """Return where the mapping stands, up to the end of its last value."""
        return self.file.place(self.begin.start_mark, end_of(self).end_mark)

    def replaced(self, values: Mapping[str, Node]) -> "LocatedMapping":
        """Return a mapping with the same keys and places, and other values for some keys."""
        copy = LocatedMapping(self.file, self.begin)
        copy.end, copy.spans, copy.odd_keys, copy.origins = self.end, self.spans, self.odd_keys, self.origins
        copy.update(self)
        copy.update(values)
        return copy

    def only(self, keys: Container[str]) -> "LocatedMapping":
        """Return a mapping that has some keys alone."""
        return self.without(*[key for key in self if key not in keys])

    def without(self, *keys: str) -> "LocatedMapping":
        """Return a mapping that lacks some keys."""
        copy = self.replaced({})
        for key in keys:
            copy.pop(key, None)
        return copy


class LocatedList(list[Node]):
    """A list of the file; `spans` holds the events of the start and the end of each item."""

    __slots__ = ("begin", "end", "file", "spans")

    def __init__(self, file: SourceFile, begin: Span) -> None:
        self.file = file
        self.begin = begin
        self.end = begin
        self.spans: list[tuple[Span, Span]] = []

    def home(self, index: int) -> "LocatedList":
        """Return the list in which an item is written: lists replace each other and are never merged."""
        return self

    def value_place(self, index: int) -> Place:
        """Return where an item stands; the whole list for an item that is not in the file."""
        if not 0 <= index < len(self.spans):
            return self.place
        start, end = self.spans[index]
        item = self[index] if index < len(self) else None
        if item is not None and end is getattr(item, "end", None):
            end = end_of(item)
        return self.file.place(start.start_mark, end.end_mark)

    def part_place(self, index: int, part: str, occurrence: int = 0) -> Place:
        """Return where a part of the text of an item stands; the whole item where it cannot be found."""
        if not 0 <= index < len(self.spans):
            return self.place
        start, end = self.spans[index]
        return self.file.part(start.start_mark, end.end_mark, part, occurrence)

    @property
    def place(self) -> Place:
        """Return where the list stands, up to the end of its last item."""
        return self.file.place(self.begin.start_mark, end_of(self).end_mark)

    def replaced(self, items: list[Node]) -> "LocatedList":
        """Return a list with the same places and other items."""
        copy = LocatedList(self.file, self.begin)
        copy.end, copy.spans = self.end, self.spans
        copy.extend(items)
        return copy


def end_of(node: LocatedMapping | LocatedList) -> Span:
    """Return where a mapping or list ends.

    In block style the parser notices the end only at the next key, maybe lines below; so it is the end of the last
    value.
    """
    while node.end.start_mark.line == node.end.end_mark.line and node.end.start_mark.column == node.end.end_mark.column:
        if isinstance(node, LocatedMapping):
            last = next(reversed(node), None)
            inner, end = (None, node.begin) if last is None else (node[last], node.spans[last][2])
        else:
            inner, end = (node[-1], node.spans[-1][1]) if node and node.spans else (None, node.begin)
        if not isinstance(inner, LocatedMapping | LocatedList) or end is not inner.end:
            return end
        node = inner
    return node.end


class Unknown:
    """Stands for a value that is not known before a type is used; every check lets it pass."""

    _only: "Unknown | None" = None

    def __new__(cls) -> "Unknown":
        """Return the only one."""
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        """Return how it is shown in messages."""
        return "…"


UNKNOWN = Unknown()
