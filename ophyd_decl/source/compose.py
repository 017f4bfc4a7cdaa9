"""Builds the located tree from parser events.

Events instead of ruamel's own nodes: they are four times cheaper, cannot overflow the stack however deep a file is
nested, and keep the place of an alias, which composing loses.
"""

from typing import Any

from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from ..errors import Note
from .events import NextEvent
from .findings import Findings
from .scalars import FIRST_CHARACTERS, plain_value
from .tree import LocatedList, LocatedMapping, Node, SourceFile, Span

MAX_DEPTH = 64
#: Values in one file, aliases counted as often as they are used.
MAX_NODES = 500_000

_MERGE = "<<"


class TooLargeError(Exception):
    """The file is nested too deep or holds too much; the message says which, `span` where."""

    def __init__(self, message: str, span: Span) -> None:
        self.span = span
        super().__init__(message)


class _Open:
    """A mapping or list that is being filled."""

    __slots__ = ("anchor", "first", "key", "merges", "node", "skipped", "tag")

    def __init__(self, node: LocatedMapping | LocatedList, event: Any, first: int) -> None:
        self.node = node
        self.anchor: str | None = event.anchor
        self.tag: str | None = event.tag
        #: number of values before this one, to know its size at its end.
        self.first = first
        #: event of the key whose value comes next.
        self.key: Any = None
        #: values of `<<`, with the number of keys before each.
        self.merges: list[tuple[Node, Any, int]] | None = None
        #: whether the container is the value of a key that was refused.
        self.skipped = False


class Composer:
    """Turns one stream of events into one tree.

    :param next_event: gives the next event; raises what the parser raises.
    """

    def __init__(self, file: SourceFile, findings: Findings, next_event: NextEvent) -> None:
        self._file = file
        self._findings = findings
        self._next_event = next_event
        self._stack: list[_Open] = []
        self._count = 0
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._root: Node = None
        self._documents = 0

    def compose(self) -> Node:
        """Return the root of the only document, None if there is none.

        :raises TooLargeError: if a bound is passed.
        """
        next_event = self._next_event
        scalar = self._scalar
        while True:
            event = next_event()
            kind: object = event.__class__
            if kind is ScalarEvent:
                scalar(event)
            elif kind is MappingStartEvent:
                self._start(event, LocatedMapping(self._file, event))
            elif kind is SequenceStartEvent:
                self._start(event, LocatedList(self._file, event))
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._finish(event)
            elif kind is AliasEvent:
                self._alias(event)
            elif kind is DocumentStartEvent:
                self._documents += 1
                if self._documents > 1:
                    self._error("E101", "a second document in one file", event, "keep one document, without `---`")
                    return self._root
            elif kind is StreamEndEvent or event is None:
                return self._root

    def _scalar(self, event: Any) -> None:
        value = event.value
        if event.implicit[0] and (not value or value[0] in FIRST_CHARACTERS):
            value = plain_value(value)
        if event.ctag is not None:
            self._refuse_tag(event.tag, event, event)
        self._count += 1
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        stack = self._stack
        if not stack:
            self._root = value
            return
        top = stack[-1]
        node: Any = top.node
        if type(node) is LocatedMapping:
            key_event = top.key
            if key_event is None:
                top.key = event
                return
            top.key = None
            key = key_event.value
            if key in node.spans or key == _MERGE or key is None:
                self._store(top, key_event, value, event, event)
                return
            if key_event.implicit[0] and (not key or key[0] in FIRST_CHARACTERS):
                self._note_odd_key(node, key)
            node[key] = value
            node.spans[key] = (key_event, event, event)
        else:
            node.append(value)
            node.spans.append((event, event))

    def _start(self, event: Any, node: LocatedMapping | LocatedList) -> None:
        self._count += 1
        if len(self._stack) >= MAX_DEPTH:
            raise TooLargeError(f"nested deeper than {MAX_DEPTH} levels", event)
        if self._count > MAX_NODES:
            raise TooLargeError(f"more than {MAX_NODES} values", event)
        opened = _Open(node, event, self._count)
        if self._stack and type(self._stack[-1].node) is LocatedMapping and self._stack[-1].key is None:
            opened.skipped = True
            self._error("E120", "a key must be text", event, "write the key as one word")
        self._stack.append(opened)

    def _finish(self, event: Any) -> None:
        opened = self._stack.pop()
        node = opened.node
        node.end = event
        if opened.tag is not None:
            self._refuse_tag(opened.tag, node.begin, event)
        if opened.merges is not None and type(node) is LocatedMapping:
            self._merge(node, opened.merges)
        if opened.anchor is not None:
            self._anchors[opened.anchor] = (node, self._count - opened.first + 1)
        if opened.skipped:
            # A container as a key: its value must be skipped as well, so it gets a key that nobody can write.
            self._stack[-1].key = _RefusedKey(node.begin, event)
        elif self._stack:
            self._put(node, node.begin, event)
        else:
            self._root = node

    def _alias(self, event: Any) -> None:
        known = self._anchors.get(event.anchor)
        value = None
        if known is None:
            open_one = any(opened.anchor == event.anchor for opened in self._stack)
            problem = "stands inside what it repeats" if open_one else "repeats nothing"
            self._error("E101", f"the alias `*{event.anchor}` {problem}", event, "write the value here")
        else:
            value, size = known
            self._count += size
            if self._count > MAX_NODES:
                raise TooLargeError(f"more than {MAX_NODES} values, aliases counted as often as they are used", event)
        if not self._stack:
            self._root = value
            return
        top = self._stack[-1]
        if type(top.node) is LocatedMapping and top.key is None:
            if known is not None:
                self._error("E120", "a key must be text, not an alias", event, "write the key as one word")
            top.key = _RefusedKey(event, event)
            return
        self._put(value, event, event)

    def _put(self, value: Node, start: Any, end: Any) -> None:
        top = self._stack[-1]
        node: Any = top.node
        if type(node) is LocatedMapping:
            key_event, top.key = top.key, None
            self._store(top, key_event, value, start, end)
        else:
            node.append(value)
            node.spans.append((start, end))

    def _store(self, top: _Open, key_event: Any, value: Node, start: Any, end: Any) -> None:
        """Put a value under its key: the way that handles every case."""
        node = top.node
        key = key_event.value
        if type(node) is not LocatedMapping or key is None:
            return
        plain = key_event.implicit[0]
        if key == _MERGE and plain:
            if top.merges:
                self._error("E102", "duplicate key `<<`", key_event, "merge a list: `<<: [*a, *b]`")
                return
            top.merges = [(value, start, len(node))]
            return
        if key in node.spans:
            first = Note("first defined here", node.key_place(key))
            self._error("E102", f"duplicate key `{key}`", key_event, "rename or remove one of the two", (first,))
            return
        if plain and (not key or key[0] in FIRST_CHARACTERS):
            self._note_odd_key(node, key)
        node[key] = value
        node.spans[key] = (key_event, start, end)

    def _note_odd_key(self, node: LocatedMapping, key: str) -> None:
        value = plain_value(key)
        if not isinstance(value, str):
            if node.odd_keys is None:
                node.odd_keys = {}
            node.odd_keys[key] = value

    def _merge(self, node: LocatedMapping, merges: list[tuple[Node, Any, int]]) -> None:
        """Add the keys of `<<` that the mapping itself has not; they stand where `<<` stands."""
        value, event, position = merges[0]
        sources: list[Any] = list(value) if isinstance(value, LocatedList) else [value]
        own = list(node.items())
        merged: dict[str, Node] = {}
        for source in sources:
            if not isinstance(source, LocatedMapping):
                self._error("E120", "`<<` takes a mapping or a list of mappings", event, "merge an alias: `<<: *name`")
                return
            for key, item in source.items():
                if key not in node and key not in merged:
                    merged[key] = item
                    node.spans[key] = source.spans[key]
        node.clear()
        node.update(own[:position])
        node.update(merged)
        node.update(own[position:])
        self._count += len(merged)

    def _refuse_tag(self, tag: str, start: Any, end: Any) -> None:
        text = tag.replace("tag:yaml.org,2002:", "!!")
        place = self._file.place(start.start_mark, end.end_mark)
        self._findings.error("E104", f"the YAML tag `{text}` is not allowed", place, "remove the tag")

    def _error(self, code: str, summary: str, event: Any, help_text: str, notes: tuple[Note, ...] = ()) -> None:
        place = self._file.place(event.start_mark, event.end_mark)
        self._findings.error(code, summary, place, help_text, notes)


class _RefusedKey:
    """Stands for a key that is no text, so that its value can be passed over."""

    value = None
    implicit = (True, False)

    def __init__(self, start: Any, end: Any) -> None:
        self.start_mark = start.start_mark
        self.end_mark = end.end_mark
