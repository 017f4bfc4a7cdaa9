"""Expressions: what they give, what they may not do, and that nothing they can say takes long or fills the memory."""

import time
from typing import Any

import pytest

from ophyd_decl.resolve.expressions import ExpressionError, escaped, join, names_of, split

VALUES = {"bl": "BL22I", "n": 3, "f": 1.5, "xs": [1, 2], "m": {"k": "v"}, "yes": True}


def evaluate(text: str) -> Any:
    return join(split(text), VALUES)


@pytest.mark.parametrize(("text", "value"), [
    ("${{ bl }}", "BL22I"), ("${{bl}}-${{ n }}", "BL22I-3"), ("${{ n }}", 3), ("${{ n + 1 }}", 4), ("x", "x"),
    ("${{ xs }}", [1, 2]), ("${{ m|list }}", ["k"]),
    ("${{ xs|list }}", [1, 2]), ("${{ range(1, n + 1) }}", [1, 2, 3]), ("${{ '%02d' % n }}", "03"),
    ("${{ n|zfill(3) }}", "003"),
    ("${{ {'a': {'b': n}} }}", {"a": {"b": 3}}), ("${{ '}}' }}", "}}"), ("${{ m.k }}", "v"), ("${{ yes }}", True),
    ("${{ n > 2 and yes }}", True), ("${{ 'a' if n == 3 else 'b' }}", "a"), ("${{ bl.lower() }}x", "bl22ix"),
    ("${{ bl[2:4] }}", "22"), ("${{ xs[0] }}", 1), ("${{ true }}", True), ("${{ none }}", None), ("${{ n / 2 }}", 1.5),
    ("${{ 2 ** 10 }}", 1024), ("${{ bl ~ n ~ f }}", "BL22I31.5"), ("$(P) ${x} }} {{", "$(P) ${x} }} {{"),
    ("${{ min(n, 2) }}", 2), ("${{ bl is defined }}", True), ("${{ not yes }}", False), ("${{ n in xs }}", False),
])  # fmt: skip
def test_values(text: str, value: Any) -> None:
    result = evaluate(text)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize("text", ["${{ bl }}", "${{", "$${{{", "a ${{ b ${{ c }}", "}} '${{' \\", "$(P)"])
def test_a_text_that_is_escaped_is_taken_as_it_is(text: str) -> None:
    assert evaluate(escaped(text)) == text


@pytest.mark.parametrize(("text", "code"), [
    ("${{ bl", "E302"), ("${{ bl + }}", "E302"), ("${{ }}", "E302"), ("${{ {% if x %} }}", "E302"),
    ("${{ a b }}", "E302"),
    ("${{ bl }", "E302"), ("${{ " + "(" * 400 + "1" + ")" * 400 + " }}", "E302"), ("${{ 1 / 0 }}", "E303"),
    ("${{ bl - 1 }}", "E303"), ("${{ range }}x", "E303"), ("${{ max }}", "E303"), ("a${{ xs }}", "E303"),
    ("a${{ yes }}", "E303"), ("a${{ none }}", "E303"), ("a${{ m }}", "E303"), ("${{ m.q }}", "E301"),
    ("${{ xs[9] }}", "E301"),
    ("${{ 1 if false }}", "E301"), ("${{ int('x') }}", "E301"), ("${{ ''.__class__ }}", "E304"),
    ("${{ bl.format(1) }}", "E304"), ("${{ bl.__class__.__mro__ }}", "E304"), ("${{ bl['__class__'] }}", "E304"),
    ("${{ bl|attr('x') }}", "E304"), ("${{ '{:>999999999}'.format(1) }}", "E304"), ("${{ bl.ljust(10) }}", "E304"),
    ("${{ 9 ** 9 ** 9 }}", "E304"), ("${{ 2.0 ** 9999 }}", "E303"), ("${{ 'a' * 3000000000 }}", "E304"),
    ("${{ 3000000000 * 'a' }}", "E304"), ("${{ xs * 999999 }}", "E304"), ("${{ '%2000000000d' % 1 }}", "E304"),
    ("${{ '%.2000000000f' % 1 }}", "E304"), ("${{ '%*d' % (2000000000, 1) }}", "E304"), ("${{ range(10**9) }}", "E304"),
    ("${{ [range(9999)] * 9999 }}", "E304"), ("${{ 1|zfill(999999999) }}", "E304"),
    ("${{ " + "~".join("b" * 150) + " }}", "E304"),
    ("${{ '" + "x" * 1000 + "' }}", "E304"), ("${{ xs.append(3) }}", "E304"), ("${{ [1].__class__ }}", "E304"),
    ("${{ ('a' * 9999) ~ ('a' * 9999) }}", "E304"), ("${{ 10**38 * 10**38 }}", "E304"),
    ("${{ bl.split('').__iter__ }}", "E304"), ("${{ m.items() }}", "E304"), ("${{ range(1, 2, 0) }}", "E303"),
])  # fmt: skip
def test_what_gives_no_value_says_so_in_no_time(text: str, code: str) -> None:
    begin = time.process_time()
    with pytest.raises(ExpressionError) as caught:
        evaluate(text)
    assert time.process_time() - begin < 0.5
    assert caught.value.code == code
    assert caught.value.part in text
    assert caught.value.help
    assert "0x" not in caught.value.message


def test_names_are_those_of_variables_only() -> None:
    assert names_of(split("${{ range(1, n) }}${{ bl }}${{ bl.upper() if yes else 'x' }}")) == ("n", "bl", "yes")


def test_a_name_alone_and_joined_text_need_no_jinja() -> None:
    import subprocess
    import sys

    code = "import sys\nfrom ophyd_decl.resolve.expressions import *\n"
    code += "assert join(split('${{ a }}-${{ b }}'), {'a': 'x', 'b': 1}) == 'x-1'\nassert 'jinja2' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("text", "message", "marked"), [
    ("${{ 1 + }}", "a value is missing after `+`", "+"),
    ("${{ * 2 }}", "a value is missing before `*`", "*"),
    ("${{ n + * 2 }}", "a value is missing before `*`", "*"),
    ("${{ n yes }}", "an operator is missing between `n` and `yes`", "yes"),
    ("${{ (n + 1 }}", "`(` is not closed", "("),
    ("${{ [n, (1] }}", "`)` was expected, not `]`", "]"),
    ("${{ n) }}", "`)` closes nothing", ")"),
    ("${{ 'x }}", "the quote is not closed", "'x"),
    ("${{ n = 3 }}", "`=` is no comparison", "="),
    ("${{ n && yes }}", "`&&` is no operator", "&&"),
    ("${{ n | }}", "the name of a filter is missing after `|`", "|"),
    ("${{ n is }}", "the name of a test is missing after `is`", "is"),
    ("${{ n if }}", "a value is missing after `if`", "if"),
    ("${{ n. }}", "a name is missing after `.`", "."),
    ("${{ {% if n %} }}", "a statement `{% … %}` cannot stand in an expression", "{%"),
    ("${{ {# n #} }}", "a comment `{# … #}` cannot stand in an expression", "{#"),
    ("${{ a ${{ n }} }}", "an expression stands inside an expression", "${"),
    ("${{ n; yes }}", "`;` cannot stand in an expression", ";"),
    ("${{ lambda: 1 }}", "`:` was not expected here", ":"),
    ("${{ n | uper }}", "there is no filter `uper`", "uper"),
    ("${{ n is od }}", "there is no test `od`", "od"),
    ("${{ rnge(3) }}", "there is no function `rnge`", "rnge"),
    ("${{ bl.lowr() }}", "`lowr` cannot be called in an expression", "lowr"),
    ("${{ bl.__class__ }}", "`__class__` is not allowed in an expression", "__class__"),
])  # fmt: skip
def test_a_message_names_the_part_that_is_wrong(text: str, message: str, marked: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text)
    error = caught.value
    assert error.message == message
    assert error.span is not None
    assert error.part[slice(*error.span)] == marked


@pytest.mark.parametrize(("text", "message"), [
    ("${{ 'a' + 1 }}", "`+` does not work with a text and a whole number"),
    ("${{ n + 'a' }}", "`+` does not work with a whole number and a text"),
    ("${{ n < 'a' }}", "`<` does not compare a whole number and a text"),
    ("${{ -bl }}", "`-` does not work with a text"), ("${{ bl|abs }}", "`abs` does not work with a text"),
    ("${{ bl * 1.5 }}", "`*` repeats a text or list a whole number of times, not a number"),
    ("${{ n|length }}", "a whole number has no length"), ("${{ bl|int }}", "'BL22I' is no whole number"),
    ("${{ bl|list }}", "a text is not a list, nor a function"),
    ("${{ n|list }}", "a whole number is not a list, nor a function"),
    ("${{ bl|float }}", "'BL22I' is no number"), ("${{ 1 // 0 }}", "a division by zero"),
    ("${{ 1 % 0 }}", "a division by zero"), ("${{ 'x' % 1 }}", "`%` got more values than the text has fields"),
    ("${{ '%d%d' % 1 }}", "`%` got fewer values than the text has fields"),
    ("${{ '%d' % 'a' }}", "`%` got a text, which does not fit the field"),
    ("${{ min() }}", "`min` was given the wrong number of values"),
    ("${{ n|zfill }}", "`zfill` was given the wrong number of values"),
    ("${{ m.q }}", "a mapping has no `q`"), ("${{ xs[9] }}", "a list has no element 9"),
    ("${{ 1 if false }}", "the condition is false, and there is no `else`"),
    ("${{ 1 in n }}", "`in` looks into a text or list, not into a whole number"),
    ("${{ range(1, 2, 0) }}", "`range` was given a value that it cannot take"),
])  # fmt: skip
def test_what_gives_no_value_is_said_in_words_of_the_language(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(text)
    assert caught.value.message.removeprefix("the expression gives no value: ") == message
