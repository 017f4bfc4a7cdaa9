"""Compiles one expression with Jinja and turns every way it can fail into a message about the expression."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import TemplateError, Undefined, nodes
from jinja2.exceptions import SecurityError, TemplateSyntaxError, UndefinedError

from ..source.plain import is_list, is_mapping
from ..source.suggest import suggest_or_list
from .expressions import CLOSING, MAX_CHARACTERS, OPENING, ExpressionError, word_span
from .sandbox import FILTERS, FUNCTIONS, MAX_ITEMS, MAX_TEXT, TESTS, TEXT_METHODS, Sandbox, TooMuchError, bounded

_SANDBOX = Sandbox()
_NOT_ALLOWED = "only operators, literals and the functions of the language are allowed"

_DOT = r"\.\s*"


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
    except TemplateSyntaxError:
        raise _not_an_expression(source, text) from None
    except RecursionError:
        raise _too_deep(text) from None
    found = _nodes(tree)
    _check(found, text)
    try:
        run: Any = _SANDBOX.evaluator_of(tree)
    except (TemplateSyntaxError, SecurityError, SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        raise _too_deep(text) from None
    names = dict.fromkeys(node.name for node in found if isinstance(node, nodes.Name) and node.name not in FUNCTIONS)
    return tuple(names), _evaluator(run, text)


def _not_an_expression(source: str, text: str) -> ExpressionError:
    from .wording import syntax_trouble  # only mistakes need it

    trouble = syntax_trouble(source, _SANDBOX)
    start = text.index(source) + trouble.start
    return ExpressionError("E302", trouble.message, text, trouble.help, (start, start + trouble.end - trouble.start))


def _too_deep(text: str) -> ExpressionError:
    return ExpressionError("E302", "the expression is nested too deep", text, "split it over `vars`")


def _nodes(tree: nodes.Node) -> list[nodes.Node]:
    """Return a node and all below it, in the order in which they are written.

    `find_all` of Jinja takes a time that grows with the square of the depth.
    """
    found: list[nodes.Node] = []
    left = [tree]
    while left:
        node = left.pop()
        found.append(node)
        left += reversed(list(node.iter_child_nodes()))
    return found


def _check(found: list[nodes.Node], text: str) -> None:
    """Refuse what would only fail, or grow, when it is evaluated."""
    joined = 0
    for node in found:
        if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            raise _refused(
                "E304", f"`{node.attr}` is not allowed in an expression", text, _NOT_ALLOWED, node.attr, _DOT
            )
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            help_text = suggest_or_list(node.name, FILTERS, "filters")
            raise _refused("E304", f"there is no filter `{node.name}`", text, help_text, node.name, r"\|\s*")
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            help_text = suggest_or_list(node.name, sorted(TESTS), "tests")
            raise _refused("E304", f"there is no test `{node.name}`", text, help_text, node.name, r"is\s+(?:not\s+)?")
        if isinstance(node, nodes.Call):
            _check_call(node.node, text)
        if isinstance(node, nodes.Concat):
            joined += len(node.nodes)
    if joined > 100:
        raise ExpressionError("E304", "more than 100 texts are joined", text, "split it over `vars`")


def _check_call(called: nodes.Expr, text: str) -> None:
    if isinstance(called, nodes.Name):
        if called.name in FUNCTIONS:
            return
        if called.name in FILTERS:
            help_text = f"write it as a filter: `… | {called.name}`"
        else:
            help_text = suggest_or_list(called.name, FUNCTIONS, "functions")
        raise _refused("E301", f"there is no function `{called.name}`", text, help_text, called.name)
    if not isinstance(called, nodes.Getattr):
        raise ExpressionError("E304", "only functions can be called in an expression", text, _NOT_ALLOWED)
    if called.attr not in TEXT_METHODS:
        help_text = suggest_or_list(called.attr, sorted(TEXT_METHODS), "methods of texts")
        raise _refused("E304", f"`{called.attr}` cannot be called in an expression", text, help_text, called.attr, _DOT)


def _refused(code: str, message: str, text: str, help_text: str, *word: str) -> ExpressionError:
    """Return an error about one word of an expression.

    :param word: the word, and what stands before it, as `word_span` takes them.
    """
    return ExpressionError(code, message, text, help_text, word_span(text, *word))


def _evaluator(run: Any, text: str) -> Callable[[Mapping[str, Any]], Any]:
    def evaluate(values: Mapping[str, Any]) -> Any:
        try:
            value = run(values)
            if isinstance(value, Undefined):
                value._fail_with_undefined_error()
            return bounded(_plain(value, text, [MAX_ITEMS + MAX_TEXT]))
        except SecurityError as error:
            raise ExpressionError("E304", _one_line(error), text, "make it smaller, or write the value out") from None
        except (TemplateError, ArithmeticError, ValueError, TypeError, LookupError, RecursionError) as error:
            from .wording import value_trouble  # only mistakes need it

            message, help_text = value_trouble(error)
            if isinstance(error, UndefinedError):
                raise ExpressionError("E301", message, text, help_text) from None
            raise ExpressionError("E303", f"the expression gives no value: {message}", text, help_text) from None

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
