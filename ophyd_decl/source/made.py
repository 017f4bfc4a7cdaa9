"""Located trees of data that stand in no file: values given in Python, or on the command line.

Everything in such a tree has one place: the text that was given, or the first column where there is none.
"""

from collections.abc import Sequence
from typing import Any

from .plain import is_list, is_mapping
from .tree import LocatedList, LocatedMapping, Node, SourceFile


class _Mark:
    """A column of the first line."""

    line = 0

    def __init__(self, column: int) -> None:
        self.column = column


class WholeText:
    """The span of a text of one line."""

    def __init__(self, text: str = "") -> None:
        self._start = _Mark(0)
        self._end = _Mark(len(text))

    @property
    def start_mark(self) -> _Mark:
        """Return where it begins."""
        return self._start

    @property
    def end_mark(self) -> _Mark:
        """Return where it ends, exclusive."""
        return self._end


def located_data(value: Any, file: SourceFile) -> Node:
    """Return plain data as a tree."""
    span = WholeText(file.text)
    if is_mapping(value):
        return _mapping({str(key): located_data(item, file) for key, item in value.items()}, file, span)
    if is_list(value):
        made = LocatedList(file, span)
        made.extend(located_data(item, file) for item in value)
        made.spans = [(span, span)] * len(made)
        return made
    return value


def nested(keys: Sequence[str], value: Node, file: SourceFile) -> Node:
    """Return a value below keys in each other: `{a: {b: value}}` for the keys `a` and `b`."""
    span = WholeText(file.text)
    for key in reversed(keys):
        value = _mapping({key: value}, file, span)
    return value


def _mapping(items: dict[str, Node], file: SourceFile, span: WholeText) -> LocatedMapping:
    mapping = LocatedMapping(file, span)
    mapping.update(items)
    mapping.spans = dict.fromkeys(items, (span, span, span))
    return mapping
