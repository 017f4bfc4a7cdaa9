"""Compiles one expression with Jinja and turns every way it can fail into a message about the expression."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import TemplateError, Undefined, nodes
from jinja2.exceptions import SecurityError, TemplateAssertionError, TemplateSyntaxError, UndefinedError

from ..source.plain import is_list, is_mapping
from .expressions import CLOSING, MAX_CHARACTERS, OPENING, ExpressionError
from .sandbox import MAX_ITEMS, MAX_TEXT, TEXT_METHODS, Sandbox, TooMuchError, bounded

_SANDBOX = Sandbox()
_GLOBALS = frozenset(_SANDBOX.globals)
_NOT_ALLOWED = "only operators, literals and the functions of the language are allowed"


def compile_expression(text: str) -> tuple[tuple[str, ...], Callable[[Mapping[str, Any]], Any]]:
    """Return the names that an expression reads, and what evaluates it.

    :param text: with its braces.
    :raises ExpressionError: if it is no expression.
    """
    source = text[len(OPENING) : -len(CLOSING)].strip()
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(
            "E304", f"the expression has more than {MAX_CHARACTERS} characters", text, "split it over `vars`"
        )
    if not source:
        raise ExpressionError("E302", "the expression is empty", text, "write a name between the braces")
    try:
        tree = _SANDBOX.parse_expression(source)
        _check(tree, text)
        run: Any = _SANDBOX.compile_expression(source, undefined_to_none=False)
    except TemplateAssertionError as error:
        raise ExpressionError("E304", f"{_one_line(error)}", text, _NOT_ALLOWED) from None
    except (TemplateSyntaxError, SecurityError, RecursionError, SyntaxError, ValueError, OverflowError) as error:
        raise ExpressionError("E302", f"not an expression: {_one_line(error)}", text, "mend the expression") from None
    names = tuple(dict.fromkeys(_names(tree)))
    return names, _evaluator(run, text)


def _names(tree: nodes.Node) -> list[str]:
    names = [tree.name] if isinstance(tree, nodes.Name) else []
    names += [node.name for node in tree.find_all(nodes.Name)]
    return [name for name in names if name not in _GLOBALS]


def _check(tree: nodes.Node, text: str) -> None:
    """Refuse what would only fail, or grow, when it is evaluated."""
    joined = 0
    for node in [tree, *tree.find_all(nodes.Node)]:
        if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            raise ExpressionError("E304", f"`{node.attr}` is not allowed in an expression", text, _NOT_ALLOWED)
        if isinstance(node, nodes.Call):
            called = node.node
            known = isinstance(called, nodes.Name) or (
                isinstance(called, nodes.Getattr) and called.attr in TEXT_METHODS
            )
            if not known:
                name = called.attr if isinstance(called, nodes.Getattr) else "this"
                raise ExpressionError("E304", f"`{name}` cannot be called in an expression", text, _NOT_ALLOWED)
        if isinstance(node, nodes.Concat):
            joined += len(node.nodes)
    if joined > 100:
        raise ExpressionError("E304", "more than 100 texts are joined", text, "split it over `vars`")


def _evaluator(run: Any, text: str) -> Callable[[Mapping[str, Any]], Any]:
    def evaluate(values: Mapping[str, Any]) -> Any:
        try:
            value = run(values)
            if isinstance(value, Undefined):
                value._fail_with_undefined_error()
            return bounded(_plain(value, text, [MAX_ITEMS + MAX_TEXT]))
        except UndefinedError as error:
            raise ExpressionError("E301", _one_line(error), text, "use what exists") from None
        except SecurityError as error:
            raise ExpressionError("E304", _one_line(error), text, "make it smaller, or write the value out") from None
        except (TemplateError, ArithmeticError, ValueError, TypeError, LookupError, RecursionError) as error:
            raise ExpressionError(
                "E303", f"the expression gives no value: {_one_line(error)}", text, "mend the expression"
            ) from None

    return evaluate


def _plain(value: Any, text: str, left: list[int]) -> Any:
    """Return plain data; anything else is no value.

    :param left: one number: how many items and characters there may still be.
    """
    left[0] -= len(value) if isinstance(value, str) else 1
    if left[0] < 0:
        raise TooMuchError(f"the result has more than {MAX_ITEMS} items")
    if value is None or isinstance(value, str | int | float | bool):
        return str(value) if isinstance(value, str) else value
    if is_list(value):
        return [_plain(item, text, left) for item in value]
    if is_mapping(value):
        return {str(key): _plain(item, text, left) for key, item in value.items()}
    raise ExpressionError("E303", "the expression gives no value", text, "a function needs its arguments")


def _one_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0]
