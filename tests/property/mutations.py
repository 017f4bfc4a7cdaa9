"""Small damages to YAML text, as fingers, editors and bad copies make them; the same seed gives the same ones."""

import os
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
    "{ref: paths}", "pkg:x", "pkg:../x/y.yaml", "./types.yaml", "beamline.yaml", "..", "/dev/zero", "optics.yaml",
    "{file: optics.yaml, with: {n: 1}, prefix: s1_}", "[{file: slit.yaml, prefix: 1}]", "{$replace: true}",
    "{$unset: [signals]}", "{$unset: x, $replace: 1}", "{var: n, over: [1, 2], name: 'x${{ n }}'}",
    "{var: n, over: [1, 1], name: x}", "{var: n, over: '${{ range(9999) }}', name: 'x${{ n }}'}", "path.uuid",
    "tango.device", "pvi.device", "python", "os:system", "{bragg.user_setpoint: {limits: [4, 60]}}",
    "{logic.movable: {timeout: 1}}",
    "[i22.stage, epics.motor]", "{mock: {defaults: {connect: mock}}}", "'#dbase=no'", "label:x", "x.*",
    "{use: setpoint}", "not", "value", "self", "__class__", "lambda: 0", "1 +", "x.y", "((((((((((1))))))))))",
]  # fmt: skip
_KEY = re.compile(r"(?<=[ {,\n])[A-Za-z_][\w-]*(?=:)")
_VALUE = re.compile(r"(?<=: )[^\n,{}\[\]]+")
Mutation = Callable[[random.Random, str], str]


def count_and_seed() -> tuple[int, int]:
    """Return how many mutations this run tries, and the seed of the first one."""
    return int(os.environ.get("OPHYD_DECL_MUTATIONS", "1000")), int(os.environ.get("OPHYD_DECL_SEED", "20261120"))


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


#: Keys of all blocks, so that each also comes to stand where it does not belong.
LANGUAGE_KEYS = [
    "abstract", "access", "api", "args", "attr", "choices", "class", "cmd", "columns", "commands", "connect",
    "connector", "default", "defaults", "derived", "devices", "doc", "dtype", "environment", "expect", "extends",
    "fill", "format", "groups", "include", "inputs", "keys", "kind", "labels", "limits", "logic", "name",
    "name_separator", "namespace", "optional", "overrides", "params", "pattern", "prefix", "profiles", "protocol", "pv",
    "python_allow", "rbv", "ref", "repeat", "requires", "services", "shape", "signals", "soft", "suffix", "timeout",
    "trl", "type", "types", "use", "vars", "vectors", "wait", "when", "with", "x-y", "$replace", "$unset",
]  # fmt: skip


def _key_added(source: random.Random, text: str) -> str:
    found = [match.end() for match in re.finditer(r"\{(?!\{)", text)]
    if not found:
        return text
    at = source.choice(found)
    return f"{text[:at]}{source.choice(LANGUAGE_KEYS)}: {source.choice(VALUES)}, {text[at:]}"


def _key_renamed(source: random.Random, text: str) -> str:
    if span := _somewhere(source, _KEY, text):
        return text[: span[0]] + source.choice(LANGUAGE_KEYS) + text[span[1] :]
    return text


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
    _key_added,
    _key_added,
    _key_renamed,
    _value_replaced,
    _value_replaced,
    _value_replaced,
    _value_exchanged,
    _value_wrapped,
    _block_repeated,
]
