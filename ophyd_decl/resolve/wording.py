"""Says in the words of the language what is wrong with an expression, and which part of it.

Jinja says that something is wrong, but neither where in the line nor in words that a reader of YAML would know.
Imported only for expressions that failed.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from jinja2.exceptions import TemplateSyntaxError

from ..source.suggest import listed
from .sandbox import FILTERS, TESTS, Sandbox


class Trouble(NamedTuple):
    """What is wrong with an expression.

    :param start: offset of the part that is wrong, in the text between the braces.
    :param end: offset behind it.
    """

    message: str
    help: str
    start: int
    end: int


class _Token(NamedTuple):
    text: str
    start: int
    is_value: bool

    @property
    def end(self) -> int:
        return self.start + len(self.text)


_STATEMENT = "write one value, for instance `a if condition else b`"
_REMOVE = "remove it, or put the text in quotes"
#: What other languages have and expressions have not: what is said about it, and what to write.
_FOREIGN: dict[str, tuple[str, str]] = {
    "{%": ("a statement `{% … %}` cannot stand in an expression", _STATEMENT),
    "{#": ("a comment `{# … #}` cannot stand in an expression", "write a comment of YAML, `# …`"),
    "${": ("an expression stands inside an expression", "write the name alone, without `${{ }}`"),
    "&&": ("`&&` is no operator", "write `and`"),
    "||": ("`||` is no operator", "write `or`"),
    "<<": ("`<<` is no operator", "multiply by a power: `2 ** n`"),
    ">>": ("`>>` is no operator", "divide by a power: `// 2 ** n`"),
    "&": ("`&` is no operator", "write `and`"),
    "!": ("`!` is no operator", "write `not`"),
    "?": ("`?` is no operator", "write `a if condition else b`"),
    "^": ("`^` is no operator", "write `**` for a power"),
    "'": ("the quote is not closed", "close it with `'`"),
    '"': ("the quote is not closed", 'close it with `"`'),
}
_SCAN = re.compile(
    r"""(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<foreign>\{%|\{\#|\$\{|&&|\|\||<<|>>|!(?!=))"""
    r"""|(?P<bracket>[\[\](){}])|(?P<known>\w+|\s+|[-+/*%~<>=.:|,]|!=)|(?P<other>.)""",
    re.DOTALL,
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_WORDS = frozenset({"and", "or", "not", "in", "is", "if", "else"})


def syntax_trouble(source: str, sandbox: Sandbox) -> Trouble:
    """Return what is wrong with a text that is no expression.

    :param source: what stands between the braces.
    """
    return _foreign(source) or _brackets(source) or _misplaced(source, sandbox)


def _foreign(source: str) -> Trouble | None:
    for found in _SCAN.finditer(source):
        if found.lastgroup in ("foreign", "other"):
            text = found[0]
            message, help_text = _FOREIGN.get(text, (f"`{text}` cannot stand in an expression", _REMOVE))
            end = len(source) if text in "'\"" else found.end()
            return Trouble(message, help_text, found.start(), end)
    return None


def _brackets(source: str) -> Trouble | None:
    opened: list[tuple[str, int]] = []
    for found in _SCAN.finditer(source):
        if found.lastgroup != "bracket":
            continue
        bracket, start = found[0], found.start()
        if bracket in _CLOSING:
            opened.append((bracket, start))
        elif not opened:
            return Trouble(f"`{bracket}` closes nothing", "remove it, or open it before", start, start + 1)
        else:
            wanted = _CLOSING[opened.pop()[0]]
            if bracket != wanted:
                return Trouble(f"`{wanted}` was expected, not `{bracket}`", f"write `{wanted}`", start, start + 1)
    if opened:
        bracket, start = opened[-1]
        return Trouble(f"`{bracket}` is not closed", f"close it with `{_CLOSING[bracket]}`", start, start + 1)
    return None


def _misplaced(source: str, sandbox: Sandbox) -> Trouble:
    """Return what is said about the first token that Jinja did not expect."""
    tokens = _tokens(source, sandbox)
    index = len(tokens) - sandbox.left_over(source)
    before = tokens[index - 1] if 0 < index <= len(tokens) else None
    if index >= len(tokens):
        return _missing(before, source)
    token = tokens[index]
    span = (token.start, token.end)
    if before is not None and before.text in (".", "|", "is"):
        return _missing(before, source)
    if token.text == "=":
        return Trouble("`=` is no comparison", "write `==`", *span)
    if token.is_value and before is not None and before.is_value:
        message = f"an operator is missing between `{_short(before.text)}` and `{_short(token.text)}`"
        return Trouble(message, "join texts with `~`, or put the whole text in quotes", *span)
    if not token.is_value and token.text != ":" and (before is None or not before.is_value):
        return Trouble(f"a value is missing before `{token.text}`", f"write a value, or remove `{token.text}`", *span)
    return Trouble(f"`{_short(token.text)}` was not expected here", _REMOVE, *span)


def _missing(before: _Token | None, source: str) -> Trouble:
    """Return what is missing after a token, maybe the last one."""
    if before is None:
        return Trouble("this is no expression", "write a name, a number, or a text in quotes", 0, len(source))
    span = (before.start, before.end)
    match before.text:
        case "|":
            return Trouble("the name of a filter is missing after `|`", f"filters: {listed(FILTERS, 20)}", *span)
        case "is":
            return Trouble("the name of a test is missing after `is`", f"tests: {listed(sorted(TESTS))}", *span)
        case ".":
            return Trouble("a name is missing after `.`", "write a name, or remove the dot", *span)
        case "if" | "else":
            message = f"a value is missing after `{before.text}`"
            return Trouble(message, "write `a if condition else b`", *span)
        case text if not before.is_value:
            return Trouble(f"a value is missing after `{text}`", f"write a value, or remove `{text}`", *span)
        case text:
            return Trouble(f"the expression ends too early, after `{_short(text)}`", "write the rest", *span)


def _tokens(source: str, sandbox: Sandbox) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    try:
        for _, kind, text in sandbox.lexer.tokeniter(source, None, None, "variable"):
            if kind != "whitespace":
                is_value = kind in ("name", "integer", "float", "string") and text not in _WORDS
                tokens.append(_Token(text, position, is_value or text in (")", "]", "}")))
            position += len(text)
    except TemplateSyntaxError:
        return tokens
    return tokens


def _short(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:19]}…"


_KINDS = {
    "int": "a whole number", "float": "a number", "bool": "true or false", "str": "a text", "list": "a list",
    "dict": "a mapping", "NoneType": "nothing", "tuple": "a list", "Undefined": "nothing",
}  # fmt: skip
_TYPE = r"'?(\w+)'?"
#: Sentences of Python about values, and ours; a name of a type in them is put into words.
_SENTENCES: Sequence[tuple[str, str, str]] = (
    (r"unsupported operand type\(s\) for (\S+?)(?: or pow\(\))?: TYPE and TYPE",
     "`{0}` does not work with {1} and {2}", ""),
    (r'can only concatenate TYPE \(not "(\w+)"\) to \w+', "`+` does not work with {0} and {1}", "join texts with `~`"),
    (r"'(\S+)' not supported between instances of TYPE and TYPE", "`{0}` does not compare {1} and {2}", ""),
    (r"bad operand type for unary (\S): TYPE", "`{0}` does not work with {1}", ""),
    (r"bad operand type for (\w+)\(\): TYPE", "`{0}` does not work with {1}", ""),
    (r"can't multiply sequence by non-int of type TYPE",
     "`*` repeats a text or list a whole number of times, not {0}", ""),
    (r"TYPE object'? has no attribute '(.+)'", "{0} has no `{1}`", "use what exists"),
    (r"TYPE object has no element (.+)", "{0} has no element {1}", "use what exists"),
    (r"TYPE object is not (?:callable|subscriptable|iterable)", "{0} is not a list, nor a function", ""),
    (r"argument of type TYPE is not (?:iterable|a container.*)", "`in` looks into a text or list, not into {0}", ""),
    (r"object of type TYPE has no len\(\)", "{0} has no length", ""),
    (r"invalid literal for int\(\) with base 10: (.+)", "{0} is no whole number", "write a whole number"),
    (r"could not convert string to float: (.+)", "{0} is no number", "write a number"),
    (r"not all arguments converted.*", "`%` got more values than the text has fields", "remove a value"),
    (r"not enough arguments for format string", "`%` got fewer values than the text has fields", "add a value"),
    (r".*division (?:or modulo )?by zero.*|.*modulo by zero.*", "a division by zero", "divide by something else"),
    (r"%\w format: .* is required, not TYPE", "`%` got {0}, which does not fit the field", "use `%s`"),
    (r"'(\w+)' is undefined", "`{0}` is not defined", "use what exists"),
    (r"the inline if-expression on line \d+ evaluated to false and no else section was defined\.?",
     "the condition is false, and there is no `else`", "write `a if condition else b`"),
    (r"_?(\w+?)\(?\)? (?:expected|missing|takes|arg is an empty).*", "`{0}` was given the wrong number of values",
     "give it what it needs"),
    (r"(\w+)\(\) arg(?:ument)? .*", "`{0}` was given a value that it cannot take", ""),
)  # fmt: skip


def value_trouble(error: BaseException) -> tuple[str, str]:
    """Return a message and a help for an error of Python about the values of an expression."""
    said = (str(error) or type(error).__name__).partition("\n")[0]
    for pattern, message, help_text in _SENTENCES:
        found = re.fullmatch(pattern.replace("TYPE", _TYPE), said)
        if found is not None:
            words = [_KINDS.get(part, part) if "TYPE" in pattern else part for part in found.groups()]
            return message.format(*words), help_text or "change the values, or the expression"
    return said, "change the values, or the expression"
