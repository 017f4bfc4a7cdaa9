"""Small damages to YAML text, as fingers, editors and bad copies make them; the same seed gives the same ones."""

import random
import re
from collections.abc import Callable

#: Characters that people and programs leave behind: YAML's own, quotes, controls, wide and combining ones.
CHARACTERS = [*":{}[],#&*!|>'\"%@`-?\t\r\n ~$<=\0\a\x85\u2028\ufeff試é\u0301😀0x"]
#: Values of every type, and texts that YAML, the expressions or EPICS read in their own way.
VALUES = [
    "null", "~", "true", "no", "0", "-1", "1e3", "1e999", ".nan", ".inf", "0x10", "12:30", "2026-11-20", "''", '""',
    "[]", "{}", "[1, 2]", "[[[[]]]]", "{a: 1}", "[null]", "*a", "&a b", "!!str 1", "!x y", "|", ">-", "'unclosed",
    "${{ }}", "${{", "}}", "${{ a }}", "${{ 1 / 0 }}", "${{ 9 ** 9 ** 9 }}", "'${{ range(10 ** 9) }}'", "$(P)", "${P}",
    '"${{ (1).__class__ }}"', '"${{ [1, 2] }}"', '"${{ key }}"', '"${{ prefix }}"', "9" * 400, "a" * 5000,
    "epics.motor",
    "group", "signal", "i22.stage", "{ref: x}", "{ref: x.y}", "{type: epics.motor}", "r", "hinted", "enum", "float64",
    "{use: setpoint}", "not", "value", "self", "__class__", "lambda: 0", "1 +", "x.y", "((((((((((1))))))))))",
]  # fmt: skip
_KEY = re.compile(r"(?<=[ {,\n])[A-Za-z_][\w-]*(?=:)")
_VALUE = re.compile(r"(?<=: )[^\n,{}\[\]]+")
Mutation = Callable[[random.Random, str], str]


def mutate(seed: int, text: str) -> str:
    """Return the text with one to four damages."""
    source = random.Random(seed)
    for _ in range(source.choice((1, 1, 1, 2, 3, 4))):
        text = source.choice(MUTATIONS)(source, text)
    return text


def _character_removed(source: random.Random, text: str) -> str:
    at = source.randrange(len(text) + 1)
    return text[:at] + text[at + 1 :]


def _character_added(source: random.Random, text: str) -> str:
    at = source.randrange(len(text) + 1)
    return text[:at] + source.choice(CHARACTERS) + text[at:]


def _character_replaced(source: random.Random, text: str) -> str:
    at = source.randrange(len(text) + 1)
    return text[:at] + source.choice(CHARACTERS) + text[at + 1 :]


def _line_removed(source: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    del lines[source.randrange(len(lines))]
    return "".join(lines)


def _line_repeated(source: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = source.randrange(len(lines))
    lines.insert(source.randrange(len(lines)), lines[at])
    return "".join(lines)


def _line_moved(source: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    line = lines.pop(source.randrange(len(lines)))
    lines.insert(source.randrange(len(lines) + 1), line)
    return "".join(lines)


def _line_indented(source: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = source.randrange(len(lines))
    lines[at] = source.choice((" ", "  ", "\t")) + lines[at]
    return "".join(lines)


def _line_outdented(source: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = source.randrange(len(lines))
    lines[at] = lines[at].removeprefix("  ")
    return "".join(lines)


def _text_ended(source: random.Random, text: str) -> str:
    return text[: source.randrange(len(text) + 1)]


def _somewhere(source: random.Random, pattern: re.Pattern[str], text: str) -> tuple[int, int] | None:
    found = [match.span() for match in pattern.finditer(text)]
    return source.choice(found) if found else None


def _key_misspelt(source: random.Random, text: str) -> str:
    if span := _somewhere(source, _KEY, text):
        start, end = span
        at = source.randrange(start, end)
        return text[:at] + source.choice("aeixyz_-") + text[at + source.choice((0, 1)) :]
    return text


def _key_exchanged(source: random.Random, text: str) -> str:
    span, other = _somewhere(source, _KEY, text), _somewhere(source, _KEY, text)
    return text[: span[0]] + text[slice(*other)] + text[span[1] :] if span and other else text


def _value_replaced(source: random.Random, text: str) -> str:
    if span := _somewhere(source, _VALUE, text):
        return text[: span[0]] + source.choice(VALUES) + text[span[1] :]
    return text


def _value_exchanged(source: random.Random, text: str) -> str:
    span, other = _somewhere(source, _VALUE, text), _somewhere(source, _VALUE, text)
    return text[: span[0]] + text[slice(*other)] + text[span[1] :] if span and other else text


def _value_wrapped(source: random.Random, text: str) -> str:
    if span := _somewhere(source, _VALUE, text):
        before, after = source.choice((("[", "]"), ("{a: ", "}"), ("'", "'"), ('"${{ ', ' }}"'), ("{ref: ", "}")))
        return text[: span[0]] + before + text[slice(*span)] + after + text[span[1] :]
    return text


def _block_repeated(source: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    start = source.randrange(len(lines))
    end = min(len(lines), start + source.randrange(1, 8))
    at = source.randrange(len(lines) + 1)
    return "".join(lines[:at] + lines[start:end] + lines[at:])


MUTATIONS: list[Mutation] = [
    _character_removed,
    _character_added,
    _character_replaced,
    _line_removed,
    _line_repeated,
    _line_moved,
    _line_indented,
    _line_outdented,
    _text_ended,
    _key_misspelt,
    _key_misspelt,
    _key_exchanged,
    _key_exchanged,
    _value_replaced,
    _value_replaced,
    _value_replaced,
    _value_exchanged,
    _value_wrapped,
    _block_repeated,
]
