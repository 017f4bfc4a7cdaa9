"""Diagnostics as text with code frames, as JSON and as annotations of a GitHub job (design 4).

Only presentation: what is wrong was decided before. Standard library only, and nothing is opened but regular files
that a diagnostic names, so that showing a mistake in a pipe cannot hang.
"""

import os
import re
import stat
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import Diagnostic, Note, Place
from ..errors.diagnostic import in_call

LIMIT = 50
#: So many diagnostics with the same message are shown; the others are counted.
MOST_ALIKE = 10
#: A longer line is cut on both sides of the mistake: files written by programs have lines of any length.
FRAME_COLUMNS = 180
_LEFT_OF_CUT = 60
_TAB_COLUMNS = 4
_LARGEST_FILE = 20_000_000
#: Characters that nobody sees: marks of the direction of text, blanks without width.
_INVISIBLE = "\u00ad\u200b\u2060\ufeff\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
#: The end of a line. Source: YAML 1.2.2, production 28, b-break.
_LINE_BREAK = re.compile("\r\n|[\n\r]")
_STYLES = {"error": "1;31", "warning": "1;33", "bar": "1;34", "bold": "1"}


def render_text(
    diagnostics: Sequence[Diagnostic],
    *,
    color: bool = False,
    in_python: bool = False,
    limit: int = LIMIT,
    texts: Mapping[str, str] | None = None,
) -> str:
    """Return every diagnostic with its frame, and a last line that counts them; no line break at the end.

    :param color: emphasise with ANSI sequences, for a terminal.
    :param in_python: what was given beside the files is told as an argument of Python, not as an option of a command.
    :param limit: how many are shown at most; errors are kept before warnings.
    :param texts: text of files by name, where it is at hand; other files are read.
    :returns: an empty text for no diagnostics.
    """
    if not diagnostics:
        return ""
    few, more = _without_most_alike(diagnostics)
    shown = _first(few, limit)
    painter = _Painter(color)
    lines = _Lines(texts or {})
    blocks = [_block(diagnostic, lines, painter, more.get(id(diagnostic)), in_python) for diagnostic in shown]
    hidden = len(few) - len(shown)
    if hidden:
        blocks.append(f"{hidden} more {'is' if hidden == 1 else 'are'} not shown; mend these first")
    return "\n\n".join([*blocks, painter.paint(summary(diagnostics), "bold")])


def render_github(diagnostics: Sequence[Diagnostic], *, limit: int = LIMIT) -> str:
    """Return one workflow command for each diagnostic; GitHub shows them beside the changed lines.

    Source: GitHub documentation, "Workflow commands for GitHub Actions", setting an error message.
    """
    return "\n".join(_annotation(diagnostic) for diagnostic in _first(diagnostics, limit))


def to_json(
    diagnostics: Sequence[Diagnostic], *, device_count: int = 0, signal_count: int = 0, limit: int = LIMIT
) -> dict[str, Any]:
    """Return the answer of `validate --format json`, schema 1."""
    shown = _first(diagnostics, limit)
    return {
        "schema": 1,
        "valid": all(diagnostic.severity != "error" for diagnostic in diagnostics),
        "device_count": device_count,
        "signal_count": signal_count,
        "truncated": len(shown) < len(diagnostics),
        "diagnostics": [_diagnostic_to_json(diagnostic) for diagnostic in shown],
    }


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """Return `2 errors, 1 warning in 3 files`; what was given beside files is `the call`."""
    errors = sum(diagnostic.severity == "error" for diagnostic in diagnostics)
    warnings = len(diagnostics) - errors
    files = {diagnostic.place.file for diagnostic in diagnostics if not diagnostic.place.in_call}
    in_call = any(diagnostic.place.in_call for diagnostic in diagnostics)
    where = [counted(len(files), "file")] if files or not in_call else []
    counts = [counted(number, word) for number, word in ((errors, "error"), (warnings, "warning")) if number]
    return f"{', '.join(counts) or '0 errors'} in {' and '.join([*where, *(['the call'] if in_call else [])])}"


def counted(number: int, word: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def shown_file(file: str) -> str:
    """Return a file relative to the current folder; absolute where nothing but the root is shared."""
    if in_call(file):
        return file
    try:
        here = os.getcwd()
        relative = os.path.relpath(file, here)
    except (OSError, ValueError):
        return file
    climbs = relative.split(os.sep).count(os.pardir)
    return os.path.abspath(file) if climbs and climbs == here.rstrip(os.sep).count(os.sep) else relative


def shown_place(place: Place, in_python: bool = False) -> str:
    """Return `file:line:column` with the file as `shown_file` gives it; of a call, what was given.

    :param in_python: as for `render_text`.
    """
    if place.in_call:
        return _cut("", _one_line(_argument(place) if in_python else place.file), "")[1]
    return f"{shown_file(place.file)}:{place.line}:{place.column}"


def _argument(place: Place) -> str:
    """Return a place in a call of Python, as it is written there."""
    option, _, given = place.file.partition(" ")
    if option == "--profile":
        return f"profile={given!r}"
    path, _, value = given.partition("=")
    return f"set={{{path!r}: {value if value == '…' else repr(value)}}}"


class _Painter:
    """Adds ANSI sequences, or does not."""

    def __init__(self, color: bool) -> None:
        self._color = color

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self._color else text


class _Lines:
    """Lines of the files that are shown, each file read once."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._files: dict[str, list[str]] = {}

    def line(self, place: Place) -> str | None:
        """Return the first line of the place, or None where there is none to show."""
        if place.file not in self._files:
            text = self._texts.get(place.file)
            if text is None:
                text = _text_of(place.file)
            self._files[place.file] = [] if text is None else _LINE_BREAK.split(text.removeprefix("\ufeff"))
        lines = self._files[place.file]
        return lines[place.line - 1] if 0 < place.line <= len(lines) else None


def _text_of(file: str) -> str | None:
    """Return the text of a regular file, or None where it cannot be shown."""
    try:
        status = os.stat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_FILE:
            return None
        with open(file, encoding="utf-8", errors="replace", newline="") as opened:
            return opened.read()
    except (OSError, ValueError):
        return None


def _display(text: str, column: int = 0) -> str:
    """Return text that takes in a terminal the columns that `_width` says.

    Tabs become blanks up to the next stop; control characters and marks that turn the direction of the text become
    visible, so that a file can neither hide what it says nor command the terminal.

    :param column: where the text begins, in columns of the terminal from 0.
    """
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    for character in text:
        if character == "\t":
            character = " " * (_TAB_COLUMNS - column % _TAB_COLUMNS)
        elif (code := ord(character)) < 0x20:
            character = chr(0x2400 + code)
        elif code == 0x7F:
            character = "\u2421"
        elif character in _INVISIBLE or unicodedata.category(character) in ("Cc", "Cs"):
            character = "\ufffd"
        shown.append(character)
        column += _width(character)
    return "".join(shown)


def _width(text: str) -> int:
    """Return the columns of displayed text: East Asian wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _first(diagnostics: Sequence[Diagnostic], limit: int) -> list[Diagnostic]:
    """Return at most `limit` of them in their order.

    Errors are kept before warnings, and the first few of each message before those that only repeat one.
    """
    if len(diagnostics) <= limit:
        return list(diagnostics)
    repeated = [number >= MOST_ALIKE for number in _repetitions(diagnostics)]
    by_weight = sorted(
        range(len(diagnostics)), key=lambda index: (diagnostics[index].severity != "error", repeated[index])
    )
    return [diagnostics[index] for index in sorted(by_weight[:limit])]


def _without_most_alike(diagnostics: Sequence[Diagnostic]) -> tuple[list[Diagnostic], dict[int, Note]]:
    """Return the first few diagnostics of each message, and a note to the last of them about those left out."""
    kept: list[Diagnostic] = []
    last_kept: dict[tuple[str, str], Diagnostic] = {}
    more: dict[int, Note] = {}
    for diagnostic, number in zip(diagnostics, _repetitions(diagnostics), strict=True):
        message = (diagnostic.code, diagnostic.summary)
        if number < MOST_ALIKE:
            kept.append(diagnostic)
            last_kept[message] = diagnostic
        else:
            count = number - MOST_ALIKE + 1
            more[id(last_kept[message])] = Note(f"{count} more like this, the last is here", diagnostic.place)
    return kept, more


def _repetitions(diagnostics: Sequence[Diagnostic]) -> list[int]:
    """Return for each diagnostic how many before it have the same message."""
    seen: dict[tuple[str, str], int] = {}
    numbers: list[int] = []
    for diagnostic in diagnostics:
        message = (diagnostic.code, diagnostic.summary)
        numbers.append(seen.get(message, 0))
        seen[message] = numbers[-1] + 1
    return numbers


def _block(diagnostic: Diagnostic, lines: _Lines, painter: _Painter, more: Note | None, in_python: bool) -> str:
    place = diagnostic.place
    gutter = " " * (len(str(place.line)) + 1)
    bar = gutter + painter.paint("|", "bar")
    head = painter.paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
    equals = gutter + painter.paint("=", "bar")
    where = f"{equals} {painter.paint('in the call', 'bold')}:" if place.in_call else f" {painter.paint('-->', 'bar')}"
    block = [f"{head}: {_one_line(diagnostic.summary)}", f"{where} {shown_place(place, in_python)}"]
    text = lines.line(place)
    if text is not None:
        shown, indent, carets = _frame(text, place)
        block += [
            bar,
            f"{place.line} {painter.paint('|', 'bar')} {shown}".rstrip(),
            f"{bar} {' ' * indent}{painter.paint('^' * carets, diagnostic.severity)}",
        ]
    if diagnostic.help:
        block.append(f"{equals} {painter.paint('help', 'bold')}: {_one_line(diagnostic.help)}")
    notes = diagnostic.notes if more is None else (*diagnostic.notes, more)
    block += [f"{equals} {painter.paint('note', 'bold')}: {_note(note, in_python)}" for note in notes]
    return "\n".join(block)


def _note(note: Note, in_python: bool = False) -> str:
    message = _one_line(note.message)
    return message if note.place is None else f"{message} ({shown_place(note.place, in_python)})"


def _one_line(text: str) -> str:
    """Return a message whose line breaks and control characters cannot spoil the output."""
    return _display(" ".join(text.splitlines()))


def _frame(text: str, place: Place) -> tuple[str, int, int]:
    """Return the line as it is shown, columns before the carets, and how many carets."""
    start = min(place.column - 1, len(text))
    end = place.end_column - 1 if place.end_line == place.line else len(text)
    end = max(start, min(end, len(text)))
    before = _display(text[:start])
    marked = _display(text[start:end], _width(before))
    after = _display(text[end:], _width(before) + _width(marked))
    if _width(before + marked + after) > FRAME_COLUMNS:
        before, marked, after = _cut(before, marked, after)
    return before + marked + after, _width(before), max(_width(marked), 1)


def _cut(before: str, marked: str, after: str) -> tuple[str, str, str]:
    """Return the three parts of a long line, shortened with `…` away from the mistake."""
    if len(before) > _LEFT_OF_CUT:
        before = "…" + before[1 - _LEFT_OF_CUT :]
    room = FRAME_COLUMNS - len(before)
    if len(marked) > room:
        return before, marked[: room - 1] + "…", ""
    room -= len(marked)
    return before, marked, after if len(after) <= room else after[: max(room - 1, 0)] + "…"


def _annotation(diagnostic: Diagnostic) -> str:
    place = diagnostic.place
    properties: dict[str, str | int] = {}
    if not place.in_call:
        properties |= {"file": shown_file(place.file), "line": place.line, "endLine": place.end_line}
        if place.line == place.end_line:  # GitHub takes columns only where both are in one line
            properties |= {"col": place.column, "endColumn": place.end_column}
    properties["title"] = diagnostic.code
    fields = ",".join(f"{key}={_escaped(str(value), ':,')}" for key, value in properties.items())
    parts = [diagnostic.summary, *([f"in the call: {shown_place(place)}"] if place.in_call else [])]
    parts += [f"help: {diagnostic.help}"] if diagnostic.help else []
    parts += [f"note: {_note(note)}" for note in diagnostic.notes]
    return f"::{diagnostic.severity} {fields}::{_escaped(chr(10).join(parts))}"


def _escaped(text: str, also: str = "") -> str:
    for character in "%\r\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _diagnostic_to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    place = diagnostic.place
    return {
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "summary": diagnostic.summary,
        "file": shown_file(place.file),
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "help": diagnostic.help,
        "notes": [_note_to_json(note) for note in diagnostic.notes],
    }


def _note_to_json(note: Note) -> dict[str, Any]:
    place = note.place
    return {
        "message": note.message,
        "file": None if place is None else shown_file(place.file),
        "line": None if place is None else place.line,
        "column": None if place is None else place.column,
    }
