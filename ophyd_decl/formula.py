"""Formulas of derived signals and conditions: arithmetic over names, bounded, without side effects.

The text is Python's expression syntax, reduced to what is listed below; it is checked once and compiled once.
No attribute, lambda, comprehension, string formatting or call of anything but `FUNCTIONS` exists in it, and only a
table of plain values can stand before brackets, so a formula can neither reach an object nor run for long.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, cast

MAX_CHARACTERS = 1000
MAX_NODES = 200
#: Largest exponent and base of `**` on integers; beyond it the result would fill the memory.
MAX_POWER_BITS = 1024


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * abs(exponent) > MAX_POWER_BITS:
        raise FormulaError("`**` gives a number that is too large")
    return base**exponent


def _divide(left: Any, right: Any) -> Any:
    return left / right


def _floor_divide(left: Any, right: Any) -> Any:
    return left // right


def _multiply(left: Any, right: Any) -> Any:
    if isinstance(left, str | list | tuple) or isinstance(right, str | list | tuple):
        raise FormulaError("`*` takes numbers only")
    return left * right


def _modulo(left: Any, right: Any) -> Any:
    if isinstance(left, str):
        raise FormulaError("`%` takes numbers only")
    return left % right


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "radians": math.radians,
    "degrees": math.degrees,
    "abs": abs,
    "min": min,
    "max": max,
    "round": round,
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: _multiply,
    ast.Div: _divide,
    ast.FloorDiv: _floor_divide,
    ast.Mod: _modulo,
    ast.Pow: _power,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
Evaluate = Callable[[Mapping[str, Any]], Any]
Apply = Callable[[Callable[..., Any], list[Any]], Any]


def _apply(function: Callable[..., Any], arguments: list[Any]) -> Any:
    return function(*arguments)


class FormulaError(Exception):
    """A formula is not allowed, or gives no value; `offset` is the character in the text, from 0, or None."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        self.message = message
        self.offset = offset
        super().__init__(message)


class Formula:
    """A checked formula.

    :param text: at most `MAX_CHARACTERS` characters.
    :param apply: calls one of `FUNCTIONS` with its arguments.
    :raises FormulaError: if the text is no formula; `offset` says where.
    """

    def __init__(self, text: str, apply: Apply = _apply) -> None:
        self.text = text
        self._apply = apply
        if len(text) > MAX_CHARACTERS:
            raise FormulaError(f"longer than {MAX_CHARACTERS} characters")
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            offset = getattr(error, "offset", None)
            raise FormulaError(f"not a formula: {getattr(error, 'msg', error)}", (offset or 1) - 1) from None
        if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
            raise FormulaError(f"more than {MAX_NODES} operations")
        #: names of variables in the order of their first use.
        self.names: tuple[str, ...] = ()
        #: those of them that stand before brackets.
        self.tables: tuple[str, ...] = ()
        self._evaluate = self._build(tree.body)

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Return the value for these variables.

        :raises FormulaError: if there is none (division by zero, a wrong type, outside a function's domain).
        """
        try:
            return self._evaluate(values)
        except FormulaError:
            raise
        except KeyError as error:
            raise FormulaError(f"`{error.args[0]}` has no value") from None
        except (ArithmeticError, ValueError, TypeError) as error:
            raise FormulaError(f"`{self.text}` gives no value: {error}") from None

    def _build(self, node: ast.expr) -> Evaluate:
        match node:
            case ast.Constant(value=bool() | int() | float() | str() as constant):
                return lambda values: constant
            case ast.Name(id=name):
                if name not in self.names:
                    self.names += (name,)
                return lambda values: values[name]
            case ast.Subscript(value=ast.Name(id=name) as table, slice=key):
                if name not in self.tables:
                    self.tables += (name,)
                return _look_up(self._build(table), self._build(key))
            case ast.Subscript(value=ast.Dict(keys=keys, values=entries), slice=key):
                inner = {_constant(name): _constant(entry) for name, entry in zip(keys, entries, strict=True)}
                return _look_up(lambda values: inner, self._build(key))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                apply, first, second = _BINARY[type(op)], self._build(left), self._build(right)
                return lambda values: apply(first(values), second(values))
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                negate, inner = _UNARY[type(op)], self._build(operand)
                return lambda values: negate(inner(values))
            case ast.BoolOp(op=op, values=operands):
                return _boolean(isinstance(op, ast.And), [self._build(operand) for operand in operands])
            case ast.Compare(left=left, ops=ops, comparators=comparators) if all(type(op) in _COMPARE for op in ops):
                return _chain(
                    self._build(left),
                    [(_COMPARE[type(op)], self._build(side)) for op, side in zip(ops, comparators, strict=True)],
                )
            case ast.IfExp(test=test, body=body, orelse=orelse):
                condition, yes, no = self._build(test), self._build(body), self._build(orelse)
                return lambda values: yes(values) if condition(values) else no(values)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
                function, built, apply = FUNCTIONS[name], [self._build(one) for one in arguments], self._apply
                return lambda values: apply(function, [argument(values) for argument in built])
            case ast.Call(func=ast.Name(id=name)):
                raise FormulaError(
                    f"`{name}` is no function of formulas; there are {', '.join(FUNCTIONS)}", node.col_offset
                )
            case _:
                raise FormulaError(f"{type(node).__name__} is not allowed in a formula", node.col_offset)


def _constant(node: ast.expr | None) -> Any:
    """Return the plain value of an entry of a table."""
    try:
        return ast.literal_eval(node) if node is not None else None
    except ValueError:
        raise FormulaError("a table holds plain values") from None


def _look_up(table: Evaluate, key: Evaluate) -> Evaluate:
    def evaluate(values: Mapping[str, Any]) -> Any:
        found, wanted = table(values), key(values)
        if not isinstance(found, Mapping):
            raise FormulaError("only a table, a param of type map, can stand before `[ ]`")
        entries = cast("Mapping[Any, Any]", found)
        if wanted not in entries:
            known = ", ".join(map(repr, entries))
            raise FormulaError(f"the table has no entry {wanted!r}; it has {known or 'none'}")
        return entries[wanted]

    return evaluate


def _boolean(every: bool, operands: list[Evaluate]) -> Evaluate:
    test = all if every else any
    return lambda values: test(operand(values) for operand in operands)


def _chain(first: Evaluate, rest: list[tuple[Callable[[Any, Any], Any], Evaluate]]) -> Evaluate:
    def evaluate(values: Mapping[str, Any]) -> bool:
        left = first(values)
        for compare, side in rest:
            right = side(values)
            if not compare(left, right):
                return False
            left = right
        return True

    return evaluate
