"""Expressions that are worked out as far as that goes: some of their names get a value only later."""

import re
from collections.abc import Mapping
from typing import Any

from ..source import LocatedList, LocatedMapping, Node
from .expressions import OPENING, Expression, Part, join, split

#: Quoted text, or a name that follows no dot.
_TOKEN = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<![\w.])([A-Za-z_]\w*)""")


def expand_partly(node: Node, values: Mapping[str, Any], later: frozenset[str]) -> Any:
    """Return a tree as plain data, with every expression replaced but for those that use names of later.

    :param values: of the other names.
    :param later: names such as the `key` of a vector; what uses them stays an expression, over them alone.
    :raises ExpressionError: if an expression gives no value.
    """
    if isinstance(node, LocatedMapping):
        return {key: expand_partly(value, values, later) for key, value in node.items()}
    if isinstance(node, LocatedList):
        return [expand_partly(value, values, later) for value in node]
    if not isinstance(node, str) or OPENING not in node:
        return node
    parts = split(node)
    waiting = [isinstance(part, Expression) and not later.isdisjoint(part.names) for part in parts]
    if not any(waiting):
        return join(parts, values)
    return "".join(_rest(part, values, later) if late else join(("", part), values)
                   for part, late in zip(parts, waiting, strict=True))  # fmt: skip


def _rest(part: Part, values: Mapping[str, Any], later: frozenset[str]) -> str:
    """Return an expression with the names that have a value written out."""

    def written(found: re.Match[str]) -> str:
        name: str | None = found[2]
        return repr(values[name]) if name is not None and name in values and name not in later else found[0]

    return _TOKEN.sub(written, part if isinstance(part, str) else part.text)
