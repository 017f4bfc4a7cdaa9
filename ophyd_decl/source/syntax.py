"""Says what is wrong with a text that is not YAML, in words of the reader and with one edit that mends it.

ruamel's C parser is fast and terse, the pure one is slow and precise: what the first refuses is given to the second.
"""

import re
from typing import Any

from ..errors import Note, Place
from .events import Problem, SyntaxProblem, veiled_events
from .findings import Findings
from .tree import SourceFile

#: What YAML allows in a text. Source: YAML 1.2.2, production 1, c-printable.
_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: A line that holds one word: a key whose colon was forgotten, if what follows is indented below it.
_LONE_WORD = re.compile(r"^ *(?P<word>[A-Za-z_][\w-]*)\s*$")
#: The end of a line before a colon that cannot stand there: a value, and a key that no comma parts from it.
_SECOND_KEY = re.compile(r"""[^\s,{[:]\s+["']?(?P<key>[A-Za-z_][\w-]*)["']?\s*$""")
_KEY_AFTER_END = re.compile(r"""["']?(?P<key>[A-Za-z_][\w-]*)["']?:(?:\s|$)""")
_OPENING = {"flow mapping": "}", "flow sequence": "]"}


def unprintable(file: SourceFile) -> tuple[str, Place] | None:
    """Return the first character that YAML forbids, as `U+0000`, and its place."""
    found = _UNPRINTABLE.search(file.text)
    if found is None:
        return None
    return f"U+{ord(found[0]):04X}", file.point(*file.position(found.start()))


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
    quote = _quote_before(file, line, column)
    if quote is not None or "unexpected end of stream" in problem.problem:
        _explain_quote(quote, problem, file.point(line, column), file, findings)
        return
    bare = _without_colon(problem, file, line, column)
    if bare is not None:
        word, *start = bare
        findings.error("E101", f"`{word}` has no `:`", file.point(*start), f"write `{word}:`")
        return
    summary, help_text = _words(problem, file, line, column)
    notes: tuple[Note, ...] = ()
    opened = problem.context_mark
    if opened is not None and opened.line != line and any(kind in problem.context for kind in _OPENING):
        notes = (Note("it is opened here", file.point(opened.line, opened.column)),)
    findings.error("E101", summary, file.point(line, column), help_text, notes)


def _without_colon(said: Problem, file: SourceFile, line: int, column: int) -> tuple[str, int, int] | None:
    """Return the word that should be a key, its line and column, if it stands alone in the line above a deeper key."""
    text = file.line(line)
    begun = said.context_mark
    if begun is not None and "could not find expected ':'" in said.problem:
        alone = _LONE_WORD.match(file.line(begun.line))
        return (alone["word"], begun.line, alone.start("word")) if alone else None
    if line == 0 or "mapping values are not allowed" not in said.problem or ":" in text[:column]:
        return None
    above = _LONE_WORD.match(file.line(line - 1))
    indent = len(text) - len(text.lstrip())
    return (above["word"], line - 1, above.start("word")) if above and above.start("word") < indent else None


def _quote_before(file: SourceFile, line: int, column: int) -> Any:
    """Return the quoted text of several lines that ends where something odd stands, or None.

    Its quote was not closed where it should have been, so that the next quote, which opens another text, closes it.
    """
    last: Any = None
    try:
        next_event = veiled_events(file.text)
        while (event := next_event()) is not None:
            if getattr(event, "style", None) in ("'", '"'):
                last = event
    except SyntaxProblem:
        pass  # where and why is what the caller knows
    if last is None or last.start_mark.line == last.end_mark.line or last.end_mark.line != line:
        return None
    return last if not file.line(line)[last.end_mark.column : column].strip() else None


def _explain_quote(quote: Any, problem: Problem, end: Place, file: SourceFile, findings: Findings) -> None:
    mark = quote.start_mark if quote is not None else problem.context_mark
    place = end if mark is None else file.point(mark.line, mark.column)
    notes: tuple[Note, ...] = ()
    if quote is not None:
        notes = (Note("the text then ends at the next quote", file.point(end.line - 1, quote.end_mark.column - 1)),)
    elif place != end:
        notes = (Note("it is open up to the end of the file", end),)
    findings.error("E101", "a quote is not closed", place, "close the quote where the text ends", notes)


def _inside(file: SourceFile, line: int, column: int) -> tuple[int, int]:
    """Return a position that can be shown; an error at the end of the text belongs to its last line."""
    count = file.line_count
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
    if "escape" in problem:
        return "an unknown escape in double quotes", "double the backslash, or use single quotes"
    for opened, closing in _OPENING.items():
        if opened in context:
            if "${{" in text[: column + 2] and here in ("{", "}"):
                return "an expression stands without quotes in braces", 'put it in quotes: "${{ … }}"'
            second = _key_without_comma(text, column)
            if second is not None:
                return f"a comma is missing before `{second['key']}`", "put a comma between the two keys"
            return f"`,` or `{closing}` was expected here", f"close it with `{closing}`, or put the value in quotes"
    if ("expected" in problem and "key" in problem) or "block mapping" in context:
        return "a key was expected here", "indent the line like the keys above it, or put the value in quotes"
    if "block" in context or "'-'" in problem:
        return "an item with `- ` was expected here", "indent the line like the items above it"
    return f"not YAML: {problem or said.text}", "put the value in quotes"


def _key_without_comma(text: str, column: int) -> re.Match[str] | None:
    """Return the key before or at a column, if it follows a value in braces and no comma stands between them."""
    if text[column : column + 1] == ":":
        return _SECOND_KEY.search(text[:column])
    ended = text[:column].rstrip()[-1:] in ("'", '"', "]", "}")
    return _KEY_AFTER_END.match(text, column) if ended else None
