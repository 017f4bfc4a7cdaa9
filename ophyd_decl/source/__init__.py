"""YAML text to a located tree, and diagnostics as text. Must not know the language."""

from .findings import Findings
from .load import LoadedFile, load_file, load_text
from .scalars import plain_value
from .tree import LocatedList, LocatedMapping, Node, SourceFile

__all__ = [
    "Findings",
    "LoadedFile",
    "LocatedList",
    "LocatedMapping",
    "Node",
    "SourceFile",
    "load_file",
    "load_text",
    "plain_value",
]
