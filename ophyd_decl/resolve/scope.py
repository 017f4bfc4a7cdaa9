"""Names that expressions can see, and the replacement of expressions by their values in a tree."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..blueprint import Param, Template
from ..errors import Note, Place
from ..model.kinds import shown
from ..source.findings import Findings
from ..source.plain import is_list, is_mapping
from ..source.suggest import listed
from ..source.tree import UNKNOWN, LocatedList, LocatedMapping, Node
from .expressions import OPENING, Expression, ExpressionError, Part, join, names_of, split, word_span

Holder = LocatedMapping | LocatedList


class Scope:
    """Names and their values; a value that is not known yet is `UNKNOWN`.

    :param origins: where each name was defined, for notes.
    :param constants: names that are put into addresses as text, though the others stay names (the key of a vector).
    """

    __slots__ = ("constants", "findings", "no_text", "open", "origins", "outside", "values")

    def __init__(
        self,
        values: Mapping[str, Any],
        findings: Findings,
        origins: Mapping[str, Place] | None = None,
        constants: Iterable[str] = (),
    ) -> None:
        self.values = dict(values)
        self.findings = findings
        self.origins = dict(origins or {})
        self.constants = frozenset(constants)
        #: names whose values cannot be part of an address, with their types.
        self.no_text: dict[str, str] = {}
        #: there may be more names than are known, as in a type that extends one which is not there.
        self.open = False
        #: variables of the beamline, which a fragment sees if it requires them.
        self.outside: frozenset[str] = frozenset()

    def with_names(self, values: Mapping[str, Any]) -> "Scope":
        """Return a scope with more names, which are constants."""
        scope = Scope({**self.values, **values}, self.findings, self.origins, {*self.constants, *values})
        scope.no_text, scope.open, scope.outside = self.no_text, self.open, self.outside
        return scope

    def parts(self, text: str, holder: Holder, key: Any) -> tuple[Part, ...] | None:
        """Return the parts of a text whose names are all defined, or None after diagnostics."""
        try:
            parts = split(text)
        except ExpressionError as error:
            self._report(error, holder, key)
            return None
        undefined = [(part, name) for part in parts if isinstance(part, Expression) for name in part.names]
        undefined = [(part, name) for part, name in undefined if name not in self.values and not self.open]
        for part, name in undefined:
            self._report_undefined(part, name, parts, holder, key)
        return None if undefined else parts

    def value(self, text: str, holder: Holder, key: Any) -> Any:
        """Return the value of a text with expressions; `UNKNOWN` if it has none yet, or after a diagnostic."""
        parts = self.parts(text, holder, key)
        if parts is None:
            return UNKNOWN
        values = self.values
        for name in names_of(parts):
            if values.get(name, UNKNOWN) is UNKNOWN:
                return UNKNOWN
        try:
            return join(parts, values)
        except ExpressionError as error:
            self._report(error, holder, key, self._notes_of(parts, error.part))
            return UNKNOWN

    def template(self, text: str, holder: Holder, key: Any, *, address: bool = False) -> Any:
        """Return a `Template` for a text with names, or its value where an expression is more than a name.

        :param address: the result must be text, even if it is one name.
        """
        parts = self.parts(text, holder, key)
        if parts is None:
            return UNKNOWN
        pieces: list[str | Param] = []
        for part in parts:
            if isinstance(part, str):
                piece: str | Param | None = part
            elif part.simple and part.names[0] not in self.constants:
                piece = Param(part.names[0])
                kind = self.no_text.get(piece.name)
                if kind is not None and (address or len(parts) > 1):
                    place = holder.part_place(key, part.text)
                    summary = f"`{piece.name}` is of type `{kind}` and cannot be part of an address"
                    self.findings.error("E303", summary, place, "use a param of type `str`, `int` or `float`")
                    return UNKNOWN
            else:
                piece = self._piece(part, holder, key)
            if piece is None:
                return UNKNOWN
            pieces.append(piece)
        return Template(tuple(_joined(pieces)))

    def _piece(self, part: Expression, holder: Holder, key: Any) -> str | None:
        if any(self.values.get(name, UNKNOWN) is UNKNOWN for name in part.names):
            return None
        try:
            # An empty text before it makes the result text.
            return join(("", part), self.values)
        except ExpressionError as error:
            self._report(error, holder, key, self._notes_of((part,), part.text))
            return None

    def _report(self, error: ExpressionError, holder: Holder, key: Any, notes: tuple[Note, ...] = ()) -> None:
        place = error.within(holder.part_place(key, error.part))
        self.findings.error(error.code, error.message, place, error.help, notes)

    def _notes_of(self, parts: Iterable[Part], text: str) -> tuple[Note, ...]:
        """Return where the names of one expression were defined, and with what values."""
        read = names_of(part for part in parts if isinstance(part, Expression) and part.text == text)
        known = [name for name in read if name in self.origins]
        return tuple(
            Note(f"`{name}` is {shown(self.values[name])}, defined here", self.origins[name]) for name in known
        )

    def _report_undefined(self, part: Expression, name: str, parts: tuple[Part, ...], holder: Holder, key: Any) -> None:
        same = [other for other in parts if isinstance(other, Expression) and other.text == part.text]
        occurrence = next((index for index, other in enumerate(same) if other is part), 0)
        place = holder.part_place(key, part.text, occurrence)
        near = f"add `{name}` to `requires`" if name in self.outside else self.findings.suggest(name, self.values)
        known = f"defined names: {listed(self.values)}" if self.values else "no names are defined here"
        notes = (Note(known),) if near else ()
        error = ExpressionError(
            "E301", f"`{name}` is not defined", part.text, near or known, word_span(part.text, name)
        )
        self.findings.error(error.code, error.message, error.within(place), error.help, notes)


def _joined(pieces: list[str | Param]) -> list[str | Param]:
    joined: list[str | Param] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def expand(node: Node, scope: Scope) -> Node:
    """Return a mapping or list with every expression below it replaced by its value; itself if there is none."""
    if isinstance(node, LocatedMapping):
        changed: dict[str, Any] = {}
        for key, value in node.items():
            new = _expanded(value, node, key, scope.value, scope)
            if new is not value:
                changed[key] = new
        return node.replaced(changed) if changed else node
    if isinstance(node, LocatedList):
        items = [_expanded(value, node, index, scope.value, scope) for index, value in enumerate(node)]
        return node if all(new is old for new, old in zip(items, node, strict=True)) else node.replaced(items)
    return node


def _expanded(value: Node, holder: Holder, key: Any, evaluate: Callable[..., Any], scope: Scope) -> Node:
    if isinstance(value, str):
        if OPENING in value:
            return located(evaluate(value, holder, key), holder, key)
        return value
    return expand(value, scope) if isinstance(value, LocatedMapping | LocatedList) else value


def refuse_expressions(node: LocatedMapping | LocatedList, findings: Findings, where: str) -> None:
    """Report every expression below a node that stands where none is evaluated.

    :param where: what a message calls the place: `a param`.
    """
    pairs: Any = node.items() if isinstance(node, LocatedMapping) else enumerate(node)
    for key, value in pairs:
        if isinstance(value, str) and OPENING in value:
            place = node.part_place(key, _first_expression(value))
            findings.error("E304", f"{where} takes no expressions", place, "write the value out")
        elif isinstance(value, LocatedMapping | LocatedList):
            refuse_expressions(value, findings, where)


def _first_expression(text: str) -> str:
    try:
        return next((part.text for part in split(text) if isinstance(part, Expression)), OPENING)
    except ExpressionError as error:
        return error.part


def located(value: Any, holder: Holder, key: Any) -> Any:
    """Return the result of an expression as a tree; what has no place yet has that of the expression."""
    if isinstance(value, LocatedMapping | LocatedList):
        return value
    if is_list(value):
        made = LocatedList(holder.home(key).file, _span(holder, key))
        made.extend(located(item, holder, key) for item in value)
        made.spans = [(made.begin, made.end)] * len(made)
        return made
    if is_mapping(value):
        mapping = LocatedMapping(holder.home(key).file, _span(holder, key))
        for name, item in value.items():
            mapping[name] = located(item, holder, key)
            mapping.spans[name] = (mapping.begin, mapping.begin, mapping.end)
        return mapping
    return value


def _span(holder: Holder, key: Any) -> Any:
    if isinstance(holder, LocatedMapping):
        return holder.spans[key][1] if key in holder.spans else holder.begin
    index = int(key)
    return holder.spans[index][0] if 0 <= index < len(holder.spans) else holder.begin
