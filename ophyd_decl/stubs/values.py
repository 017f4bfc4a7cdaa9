"""Python types of values: what a signal of a declared dtype reads as, and what can be written to it."""

from ..vocab.datatypes import NUMPY_WIDTHS, Datatype
from .names import Names

_OURS = "ophyd_decl"
_TYPING = "typing"
_SCALARS = {"bool": "bool", "int": "int", "float": "float", "str": "str", "enum": "str"}


class Values:
    """The types of values of one stub, with the aliases that it needs for them."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._aliases: dict[str, str] = {}
        self._tables: dict[tuple[tuple[str, str], ...], str] = {}

    @property
    def definitions(self) -> list[str]:
        """Return the lines that define aliases and tables, in order of their first use."""
        return list(self._aliases.values())

    def read(self, datatype: Datatype) -> str:
        """Return the type of the value of a reading."""
        if datatype.name == "enum" and datatype.shape is None and datatype.labels and datatype.match != "subset":
            return self.literal(datatype.labels)
        return self._plain(datatype)

    def written(self, datatype: Datatype) -> str:
        """Return the type of what can be written: arrays also as sequences, enums by a declared label only."""
        if datatype.name == "enum" and datatype.shape is None and datatype.labels:
            return self.literal(datatype.labels)
        text = self._plain(datatype)
        if datatype.shape is not None and datatype.name in NUMPY_WIDTHS:
            element = self._scalar(datatype.name)
            for _ in datatype.shape:
                element = f"{self._names.imported('collections.abc', 'Sequence')}[{element}]"
            text = f"{text} | {element}"
        return text

    def literal(self, values: tuple[str | int, ...]) -> str:
        """Return the type of just these values."""
        shown = ", ".join(quoted(value) if isinstance(value, str) else str(value) for value in values)
        return f"{self._names.imported(_TYPING, 'Literal')}[{shown}]"

    def any(self) -> str:
        """Return the type of what nobody knows."""
        return self._names.imported(_TYPING, "Any")

    def none(self) -> str:
        """Return the type of nothing."""
        return "None"

    def _plain(self, datatype: Datatype) -> str:
        if datatype.name == "table":
            return self._table(datatype.columns)
        if datatype.shape is not None:
            return self._array(datatype.name, len(datatype.shape))
        return self.any() if datatype.name == "any" else self._scalar(datatype.name)

    def _scalar(self, name: str) -> str:
        known = _SCALARS.get(name)
        return self._names.builtin(known or ("float" if name.startswith("float") else "int"))

    def _array(self, name: str, dimensions: int) -> str:
        """Return an array of numbers; text comes as a list."""
        if name in ("str", "enum"):
            return f"{self._names.builtin('list')}[{self._names.builtin('str')}]"
        alias = f"_{name.capitalize()}Array{dimensions}D"
        if alias not in self._aliases:
            sizes = ", ".join([self._names.builtin("int")] * dimensions)
            numpy = self._names.imported("numpy", "")
            element = f"{numpy}.{'bool_' if name == 'bool' else name}"
            kind = self._names.imported(_TYPING, "TypeAlias")
            shape = f"{self._names.builtin('tuple')}[{sizes}]"
            self._aliases[alias] = f"{alias}: {kind} = {numpy}.ndarray[{shape}, {numpy}.dtype[{element}]]"
        return alias

    def _table(self, columns: tuple[tuple[str, str], ...] | None) -> str:
        if columns is None:
            return f"{self._names.builtin('dict')}[{self._names.builtin('str')}, {self.any()}]"
        known = self._tables.get(columns)
        if known is None:
            known = self._tables[columns] = f"_Table{len(self._tables) + 1}"
            fields = ", ".join(f"{quoted(name)}: {self._array(dtype, 1)}" for name, dtype in columns)
            kind = self._names.imported(_TYPING, "TypedDict")
            self._aliases[known] = f"{known} = {kind}({quoted(known)}, {{{fields}}})"
        return known


def quoted(text: str) -> str:
    """Return a text as a string of Python."""
    shown = (_ESCAPED.get(char) or (char if char.isprintable() else ascii(char)[1:-1]) for char in text)
    return f'"{"".join(shown)}"'


_ESCAPED = {'"': '\\"', "\\": "\\\\"}
