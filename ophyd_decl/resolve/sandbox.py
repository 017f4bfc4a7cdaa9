"""The environment in which expressions are evaluated.

It is Jinja with everything removed that could reach an object, run for long or fill the memory.
Every result is bounded, so a chain of variables cannot grow either. Jinja is imported when the first expression needs
it: most values are a name or a text with names in it, and `expressions` joins those itself.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.environment import TemplateExpression
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ..source.plain import is_list, is_mapping

MAX_TEXT = 10_000
MAX_ITEMS = 10_000
MAX_BITS = 128

#: Methods of text that cannot make a longer text than they get.
TEXT_METHODS = frozenset(
    {
        "capitalize", "endswith", "isdigit", "lower", "lstrip", "removeprefix", "removesuffix", "rstrip", "split",
        "startswith", "strip", "title", "upper",
    }
)  # fmt: skip
#: Tests of Jinja that there are: `n is odd`.
TESTS = frozenset(
    {
        "defined", "undefined", "none", "number", "integer", "float", "string", "boolean", "true", "false", "odd",
        "even", "divisibleby", "in", "eq", "==", "ne", "!=", "gt", ">", "ge", ">=", "lt", "<", "le", "<=",
    }
)  # fmt: skip
_FORMAT_FIELD = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(\*|\d*)(?:\.(\*|\d*))?[a-zA-Z%]")
_WIDEST_FIELD = 100


class TooMuchError(SecurityError):
    """The expression would make something too large."""


def bounded(value: Any) -> Any:
    """Return a value if it is small enough.

    :raises TooMuchError: if it is not.
    """
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise TooMuchError(f"the result is a text of more than {MAX_TEXT} characters")
    if (is_list(value) or is_mapping(value)) and len(value) > MAX_ITEMS:
        raise TooMuchError(f"the result has more than {MAX_ITEMS} items")
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise TooMuchError("the result is too large a number")
    return value


def _range(*bounds: int) -> list[int]:
    numbers = range(*bounds)
    if len(numbers) > MAX_ITEMS:
        raise TooMuchError(f"the range has more than {MAX_ITEMS} numbers")
    return list(numbers)


def _lower(value: Any) -> str:
    return str(value).lower()


def _upper(value: Any) -> str:
    return str(value).upper()


def _zfill(value: Any, width: int) -> str:
    if width > _WIDEST_FIELD:
        raise TooMuchError(f"the field is wider than {_WIDEST_FIELD} characters")
    return str(value).zfill(width)


def _list(value: Any) -> list[Any]:
    """Return the keys of a mapping, or the items of a list."""
    if is_list(value) or is_mapping(value):
        return bounded([*value])
    raise TypeError(f"'{type(value).__name__}' object is not iterable")


FUNCTIONS: dict[str, Callable[..., Any]] = {"range": _range, "min": min, "max": max, "abs": abs}
FILTERS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "float": float,
    "int": int,
    "length": len,
    "list": _list,
    "lower": _lower,
    "max": max,
    "min": min,
    "round": round,
    "string": str,
    "upper": _upper,
    "zfill": _zfill,
}


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja reduced to expressions over plain data."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined, optimized=False, variable_start_string="${{", variable_end_string="}}"
        )
        self.globals.clear()
        self.globals.update(FUNCTIONS)
        self.filters.clear()
        self.filters.update(FILTERS)
        for name in set(self.tests) - TESTS:
            del self.tests[name]

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Return whether a name after a dot may be used: methods of text that make nothing larger."""
        return isinstance(obj, str) and attr in TEXT_METHODS

    def is_safe_callable(self, obj: Any) -> bool:
        """Return whether something may be called: the functions, and what `is_safe_attribute` let pass."""
        owner = getattr(obj, "__self__", None)
        return obj in FUNCTIONS.values() or (isinstance(owner, str) and obj.__name__ in TEXT_METHODS)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Return the result of an operator that could make something large."""
        if operator == "**":
            _check_power(left, right)
        elif operator == "*":
            _check_product(left, right)
        elif operator == "%" and isinstance(left, str):
            _check_format(left)
        return bounded(super().call_binop(context, operator, left, right))

    def parse_expression(self, source: str) -> nodes.Expr:
        """Return the syntax tree of one expression.

        :raises TemplateSyntaxError: if it is none.
        """
        parser = Parser(self, source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            token = parser.stream.current
            parser.fail(f"`{token.value}` was not expected", token.lineno)
        tree.set_environment(self)
        return tree

    def evaluator_of(self, tree: nodes.Expr) -> TemplateExpression:
        """Return what evaluates a syntax tree over names, as `compile_expression` of Jinja does it with a text."""
        result = nodes.Assign(nodes.Name("result", "store"), tree, lineno=1)
        return TemplateExpression(self.from_string(nodes.Template([result], lineno=1)), undefined_to_none=False)

    def left_over(self, source: str) -> int:
        """Return how many tokens of a text that is no expression are left where it stops to be one."""
        try:
            parser = Parser(self, source, state="variable")
        except TemplateSyntaxError:
            return 0
        with suppress(TemplateSyntaxError):
            parser.parse_expression()
        count = 0
        with suppress(TemplateSyntaxError):
            while not parser.stream.eos:
                next(parser.stream)
                count += 1
        return count


def _check_power(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > MAX_BITS:
        raise TooMuchError("`**` gives too large a number")


def _check_product(left: Any, right: Any) -> None:
    for sequence, factor in ((left, right), (right, left)):
        if (isinstance(sequence, str) or is_list(sequence)) and isinstance(factor, int):
            size = len(sequence) * factor
            if size > (MAX_TEXT if isinstance(sequence, str) else MAX_ITEMS):
                raise TooMuchError("`*` gives too long a result")
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > MAX_BITS:
        raise TooMuchError("`*` gives too large a number")


def _check_format(template: str) -> None:
    for field in _FORMAT_FIELD.finditer(template):
        for width in field.groups():
            if width == "*" or (width and int(width) > _WIDEST_FIELD):
                raise TooMuchError(f"a field of `%` is wider than {_WIDEST_FIELD} characters")
