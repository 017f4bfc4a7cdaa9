"""Says what is wrong with a text that is not YAML, in words of the reader and with one edit that mends it.

ruamel's C parser is fast and terse, the pure one is slow and precise: what the first refuses is given to the second.
"""

import re

from ..errors import Place
from .events import Problem
from .findings import Findings
from .tree import SourceFile

#: What YAML allows in a text. Source: YAML 1.2.2, production 1, c-printable.
_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OPENING = {"flow mapping": "}", "flow sequence": "]"}


def unprintable(file: SourceFile) -> tuple[str, Place] | None:
    """Return the first character that YAML forbids, as `U+0000`, and its place."""
    found = _UNPRINTABLE.search(file.text)
    if found is None:
        return None
    before = file.text[: found.start()]
    line = before.count("\n")
    return f"U+{ord(found[0]):04X}", file.point(line, len(before) - (before.rfind("\n") + 1))


def explain(error: Exception, file: SourceFile, findings: Findings) -> None:
    """Turn an error of a parser into one diagnostic."""
    forbidden = unprintable(file)
    if forbidden is not None:
        character, place = forbidden
        findings.error("E101", f"the control character {character} is not allowed", place, "delete the character")
        return
    problem = Problem(error)
    mark = problem.problem_mark
    if mark is None:
        findings.error("E101", f"not YAML: {problem.text}", file.start, "save the file as UTF-8 text")
        return
    line, column = _inside(file, mark.line, mark.column)
    summary, help_text = _words(problem, file, line, column)
    findings.error("E101", summary, file.point(line, column), help_text)


def _inside(file: SourceFile, line: int, column: int) -> tuple[int, int]:
    """Return a position that can be shown; an error at the end of the text belongs to its last line."""
    count = file.text.count("\n") + 1
    if line >= count or (line == count - 1 and not file.line(line).strip()):
        while line > 0 and not file.line(line).strip():
            line -= 1
        column = len(file.line(line).rstrip())
    return line, column


def _words(said: Problem, file: SourceFile, line: int, column: int) -> tuple[str, str]:
    problem, context = said.problem, said.context
    text = file.line(line)
    here = text[column : column + 1]
    if here == "\t" and "cannot start any token" in problem:
        return "a tab stands where blanks indent", "indent with blanks; YAML does not allow tabs there"
    if "cannot start any token" in problem:
        return f"a value cannot begin with `{here}`", f'put the value in quotes: "{here}…"'
    if "mapping values are not allowed" in problem:
        if ":" in text[:column]:
            return "a second `: ` in one line", "put the value in quotes, or begin a new line after the key"
        return "this line is indented like a value, but holds a key", "indent it like the keys around it"
    if "unexpected end of stream" in problem:
        mark = said.context_mark
        opened = f", opened at line {mark.line + 1}" if mark is not None else ""
        return f"a quote is not closed{opened}", "close the quote"
    if "escape" in problem:
        return "an unknown escape in double quotes", "double the backslash, or use single quotes"
    for opened, closing in _OPENING.items():
        if opened in context:
            if "${{" in text[: column + 2] and here in ("{", "}"):
                return "an expression stands without quotes in braces", 'put it in quotes: "${{ … }}"'
            return f"`,` or `{closing}` was expected here", f"close it with `{closing}`, or put the value in quotes"
    if ("expected" in problem and "key" in problem) or "block mapping" in context:
        return "a key was expected here", "indent the line like the keys above it, or put the value in quotes"
    if "block" in context or "'-'" in problem:
        return "an item with `- ` was expected here", "indent the line like the items above it"
    return f"not YAML: {problem or said.text}", "put the value in quotes"
