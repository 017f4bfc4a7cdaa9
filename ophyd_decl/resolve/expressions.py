"""Expressions `${{ … }}` in values: found, compiled once, and evaluated over named values.

A value that is one expression keeps the type of its result; text around or between expressions makes it text.
Pure: nothing here knows files or places, only offsets in the text.
"""

import re
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..errors import Place

OPENING, CLOSING = "${{", "}}"
MAX_CHARACTERS = 1000
#: Characters of a text that holds expressions.
MAX_TEXT = 10_000
#: What different expressions of one run may cost to compile: their characters, and so many more for each.
MAX_COMPILED, COST_OF_ONE = 50_000, 20

_SIMPLE = re.compile(r"\$\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_WORD = re.compile(r"\w")
#: Names that mean something else in an expression, so that they never are simple.
WORDS = frozenset(
    {
        "true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is", "if", "else", "range", "min",
        "max", "abs",
    }
)  # fmt: skip


class ExpressionError(Exception):
    """An expression cannot be used.

    :param code: code of the diagnostic.
    :param part: the text of the whole expression with its braces, to find its place.
    :param span: offsets in `part` of what is wrong in it; None: all of it.
    """

    def __init__(self, code: str, message: str, part: str, help: str, span: tuple[int, int] | None = None) -> None:
        self.code = code
        self.message = message
        self.part = part
        self.help = help
        self.span = span
        super().__init__(message)

    def within(self, place: Place) -> Place:
        """Return the place of what is wrong.

        :param place: of the whole expression.
        """
        if self.span is None or place.line != place.end_line or place.end_column - place.column != len(self.part):
            return place
        start, end = self.span
        return place._replace(column=place.column + start, end_column=place.column + max(end, start + 1))


def word_span(text: str, word: str, before: str = r"(?<![\w.'\"])") -> tuple[int, int] | None:
    """Return the offsets of the first use of a word in an expression.

    :param before: what stands directly before it, as a regular expression.
    """
    for found in re.finditer(before, text):
        start, end = found.end(), found.end() + len(word)
        if text.startswith(word, start) and not _WORD.match(text, end):
            return start, end
    return None


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression of a text.

    :param text: as it is written, with its braces.
    :param names: of the variables that it reads.
    :param simple: it is one name and nothing else.
    """

    text: str
    names: tuple[str, ...]
    simple: bool
    _evaluate: Callable[[Mapping[str, Any]], Any]

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return the value.

        :param values: at least one for each of `names`.
        :raises ExpressionError: if it gives none.
        """
        return self._evaluate(values)


Part = str | Expression


@lru_cache(maxsize=20_000)
def split(text: str) -> tuple[Part, ...]:
    """Return the literals and expressions that a text is made of.

    :raises ExpressionError: if an expression is not one, or not closed.
    """
    if len(text) > MAX_TEXT:
        message = f"a text with expressions has more than {MAX_TEXT} characters"
        raise ExpressionError("E304", message, OPENING, "split it over `vars`")
    parts: list[Part] = []
    position = 0
    while True:
        found = text.find(OPENING, position)
        if found < 0:
            if position < len(text):
                parts.append(text[position:])
            return tuple(parts)
        if found > position:
            parts.append(text[position:found])
        simple = _SIMPLE.match(text, found)
        if simple is not None and simple[1] not in WORDS:
            parts.append(_simple(simple[0], simple[1]))
            position = simple.end()
        else:
            end = _end_of(text, found)
            parts.append(_compiled(text[found:end]))
            position = end


def escaped(text: str) -> str:
    """Return what has to be written for a text that is to be taken as it is.

    >>> print(escaped("${{ x }}"))
    ${{ '${{' }} x }}
    """
    return text.replace(OPENING, f"{OPENING} '{OPENING}' {CLOSING}")


def names_of(parts: Iterable[Part]) -> tuple[str, ...]:
    """Return the names that the expressions of a text read, each once."""
    return tuple(dict.fromkeys(name for part in parts if isinstance(part, Expression) for name in part.names))


def join(parts: tuple[Part, ...], values: Mapping[str, Any]) -> Any:
    """Return the value of a text.

    :raises ExpressionError: if an expression gives none, or one that cannot be part of a text.
    """
    if len(parts) == 1:
        (part,) = parts
        return part if isinstance(part, str) else part.evaluate(values)
    text = "".join([part if isinstance(part, str) else _as_text(part, part.evaluate(values)) for part in parts])
    if len(text) > MAX_TEXT:
        longest = max((part for part in parts if isinstance(part, Expression)), key=lambda part: len(part.text))
        message = f"the result is a text of more than {MAX_TEXT} characters"
        raise ExpressionError("E304", message, longest.text, "make it smaller, or write the value out")
    return text


def _as_text(part: Expression, value: Any) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, list | dict):
        what = "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "no text or number"
        raise ExpressionError("E303", f"`{part.text}` is {what} and cannot be part of a text", part.text, "use a text")
    return str(value)


def _simple(text: str, name: str) -> Expression:
    return Expression(text, (name,), True, lambda values: values[name])


#: What may still be compiled; None: as much as one likes.
_left: ContextVar[list[int] | None] = ContextVar("left", default=None)


@contextmanager
def bounded_compiling() -> Generator[None]:
    """Bound how much is compiled inside the block, since compiling takes most of the time that expressions take."""
    token = _left.set([MAX_COMPILED])
    try:
        yield
    finally:
        _left.reset(token)


@lru_cache(maxsize=4_000)
def _compiled(text: str) -> Expression:
    left = _left.get()
    if left is not None:
        left[0] -= len(text) + COST_OF_ONE
        if left[0] < 0:
            raise ExpressionError("E105", "there are too many different expressions", text, "write the value out")
    from .evaluation import compile_expression  # imports Jinja

    names, evaluate = compile_expression(text)
    return Expression(text, names, False, evaluate)


def _end_of(text: str, start: int) -> int:
    """Return the offset behind the expression that opens at `start`; braces and quotes inside are counted."""
    position, depth, quote = start + len(OPENING), 0, ""
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif character in "{[(":
            depth += 1
        elif character == "}" and depth <= 0:
            if text.startswith(CLOSING, position):
                return position + len(CLOSING)
        elif character in "}])":
            depth -= 1
        position += 1
    end = text.find(CLOSING, start)
    if end >= 0:
        # A bracket or a quote is not closed, so that the end seems to be inside of it: compiling it says which.
        return end + len(CLOSING)
    rest = text[start:]
    raise ExpressionError("E302", "the expression is not closed", rest.rstrip("\n"), f"close it with `{CLOSING}`")
