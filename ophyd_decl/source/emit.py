"""Plain data as YAML text, in the form that people write: short mappings and lists in one line."""

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from .plain import is_list, is_mapping

_COLUMNS = 110
_INDENT = 2


def yaml_text(data: Any, comments: Mapping[tuple[str, ...], str] | None = None) -> str:
    """Return the YAML of plain data, with a line break at its end.

    :param comments: one line each, for above the key at the end of a path of keys.

    >>> print(yaml_text({"devices": {"x": {"type": "epics.motor", "prefix": "BL:X"}}}), end="")
    devices:
      x: {type: epics.motor, prefix: "BL:X"}
    """
    yaml: Any = YAML()
    yaml.width = 100_000
    text = io.StringIO()
    styled = _styled(data, 0)
    for path, comment in (comments or {}).items():
        _comment(styled, path, comment)
    yaml.dump(styled, text)
    return text.getvalue()


def _comment(styled: Any, path: tuple[str, ...], comment: str) -> None:
    for key in path[:-1]:
        styled.fa.set_block_style()
        styled = styled[key]
    styled.fa.set_block_style()
    styled.yaml_set_comment_before_after_key(path[-1], before=comment, indent=_INDENT * (len(path) - 1))


def _styled(value: Any, depth: int) -> Any:
    """Return data whose innermost mappings and lists are written in one line where that is short enough."""
    if is_mapping(value):
        made: Any = CommentedMap()
        for key, item in value.items():
            made[key] = _styled(item, depth + 1)
        nested = depth == 0
    elif is_list(value):
        made = CommentedSeq([_styled(item, depth + 1) for item in value])
        nested = False
    else:
        # Fast parsers refuse a colon in a plain scalar inside braces, and readers stumble over it.
        return DoubleQuotedScalarString(value) if isinstance(value, str) and ":" in value else value
    short = not nested and len(str(value)) + depth * _INDENT <= _COLUMNS
    if short or not value:
        made.fa.set_flow_style()
    else:
        made.fa.set_block_style()
    return made
