"""Formulas of derived signals and conditions: parsed, and every name in them looked up."""

import ast
import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import Place
from ..formula import FUNCTIONS, Formula, FormulaError
from ..model.kinds import Spot
from ..model.params import ParamModel
from ..source.plain import is_mapping, plain
from ..source.suggest import listed, suggest
from ..source.tree import SourceFile

#: Operators of other languages, and what formulas have in their place.
_FOREIGN = {
    "&&": "`and`", "||": "`or`", "&": "`and`", "|": "`or`", "!": "`not`", "=": "`==`", "===": "`==`", "!==": "`!=`",
    "^": "`**`", "<>": "`!=`", "?": "`a if condition else b`",
}  # fmt: skip
#: Texts in quotes and the operators that there are are passed over.
_SCAN = re.compile(r"""'[^']*'|"[^"]*"|:=|[=!<>]=(?!=)|<<|>>|(?P<operator>[=!]==|&&|\|\||<>|[&|!^?=])""")


def check_formula(
    text: str,
    spot: Spot,
    names: Iterable[str],
    *,
    what: str = "known names",
    unsure: bool = False,
    tables: Iterable[str] = (),
) -> Formula | None:
    """Return a formula whose names are all known, or None after diagnostics.

    :param names: that it may use.
    :param unsure: there may be more names, because some were reported already.
    :param tables: those of the names that may stand before brackets.
    """
    if "${{" in text:
        spot.error("E310", "a formula has no braces", "write the names as they are, without `${{ }}`")
        return None
    try:
        formula = parse_formula(text)
    except FormulaError as error:
        message, place, help_text = _foreign(text, error, spot) or (error.message, *_place_of(error, text, spot))
        spot.findings.error("E310", message, place, help_text)
        return None
    known = tuple(names)
    missing = [name for name in formula.names if name not in known]
    if missing and unsure:
        return None
    for name in missing:
        place = _name_place(name, text, spot)
        help_text = suggest(name, (*known, *FUNCTIONS)) or f"{what}: {listed(known)}"
        spot.findings.error("E311", f"`{name}` is not defined in the formula", place, help_text)
    kept = tuple(tables)
    wrong = [name for name in formula.tables if name not in (*kept, *missing)]
    for name in wrong:
        help_text = f"write the name of a table: {listed(kept)}" if kept else "give the type a param of type `map`"
        place = _name_place(name, text, spot)
        spot.findings.error("E310", f"`{name}` is no table, so no brackets can follow it", place, help_text)
    return None if missing or wrong else formula


def tables_in(params: Mapping[str, ParamModel], constants: Mapping[str, Any]) -> list[str]:
    """Return the params that may stand before brackets: those of type `map`, and values that are mappings."""
    of_type = [name for name, param in params.items() if param.type == "map"]
    return [*of_type, *(name for name, value in constants.items() if is_mapping(value) and name not in of_type)]


def without_tables(constants: Mapping[str, Any], params: Mapping[str, ParamModel]) -> dict[str, Any]:
    """Return constants without the tables that a device has as its params: they stay where they are."""
    return {name: value for name, value in constants.items() if name not in params or not is_mapping(value)}


def with_constants(text: str, values: Mapping[str, Any]) -> str:
    """Return a formula with some of its names replaced by their values."""
    if not set(values).intersection(parse_formula(text).names):
        return text
    return ast.unparse(_Replace(values).visit(ast.parse(text.strip(), mode="eval")))


class _Replace(ast.NodeTransformer):
    """Puts values in the place of names; the names of functions stay."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def visit_Call(self, node: ast.Call) -> ast.AST:  # the name that ast calls
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:  # the name that ast calls
        if node.id not in self._values:
            return node
        value = self._values[node.id]
        if is_mapping(value):
            return ast.parse(repr(plain(value)), mode="eval").body
        if isinstance(value, int | float) and value < 0:
            # Its own operator, so that `n ** 2` becomes `(-3) ** 2`.
            return ast.UnaryOp(ast.USub(), ast.Constant(-value))
        return ast.Constant(value)


def parse_formula(text: str) -> Formula:
    """Return a formula, without the warnings that Python has about odd but harmless texts.

    :raises FormulaError: if the text is no formula.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Formula(text)


def _place_of(error: FormulaError, text: str, spot: Spot) -> tuple[Place, str]:
    """Return the place of a mistake inside a formula: the function that is not known, else all of it."""
    if error.offset is not None and "is no function" in error.message:
        name = error.message.split("`")[1]
        return _name_place(name, text, spot), suggest(name, FUNCTIONS) or f"use one of {listed(FUNCTIONS, 20)}"
    return spot.place, "use numbers, names, operators and the functions of formulas"


def _foreign(text: str, error: FormulaError, spot: Spot) -> tuple[str, Place, str] | None:
    """Return what is said about an operator of another language in a text that is no formula, or None."""
    for found in _SCAN.finditer(text):
        written = found["operator"]
        # Where Python reads the text, an `=` is that of a call's argument.
        if written is not None and (written != "=" or error.message.startswith("not a formula")):
            message = "`=` is no comparison" if written == "=" else f"`{written}` is no operator of formulas"
            return message, _offset_place(found.start(), len(written), text, spot), f"write {_FOREIGN[written]}"
    return None


def _offset_place(offset: int, length: int, text: str, spot: Spot) -> Place:
    """Return the place of a part of a formula; that of all of it, if it is not written as it is read."""
    place = spot.place
    width = place.end_column - place.column
    if place.line != place.end_line or width not in (len(text), len(text) + 2):
        return place
    column = place.column + offset + (width > len(text))  # behind the quote
    return place._replace(column=column, end_column=column + length)


def _name_place(name: str, text: str, spot: Spot) -> Place:
    """Return the place of the first use of a name in a formula as it is written."""
    place = spot.place
    source: SourceFile = spot.holder.home(spot.key).file
    if place.line != place.end_line:
        return spot.holder.part_place(spot.key, name)
    line = source.line(place.line - 1)
    start = place.column - 1
    while (found := line.find(name, start, place.end_column - 1)) >= 0:
        before, after = line[found - 1 : found], line[found + len(name) : found + len(name) + 1]
        if not (before.isalnum() or before == "_" or after.isalnum() or after == "_"):
            return source.point(place.line - 1, found, len(name))
        start = found + 1
    return place
