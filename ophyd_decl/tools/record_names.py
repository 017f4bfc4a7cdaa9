"""The names of records in the files that an IOC is built from, read without an IOC and without a control system.

What is read: databases (records, aliases, groups of QSRV, `include`), substitutions (`file` with `pattern` or named
values, `global`), and lists of names such as the IOC's command `dbl` prints. Macros are expanded as EPICS does it, with
defaults. This is no validator: what it does not understand it passes over.

Source: EPICS base, "Database Definition" and the `msi` and macLib references.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

#: How deep files may include each other, and macros refer to each other.
_DEEPEST = 20

_WORD = r'(?:"(?:\\.|[^"\\\n])*"|[^\s",(){}]+)'
_RECORD = re.compile(rf"\bg?record\s*\(\s*\w+\s*,\s*({_WORD})\s*\)")
_ALIAS = re.compile(rf"\balias\s*\(\s*(?:{_WORD}\s*,\s*)?({_WORD})\s*\)")
_GROUP = re.compile(r'\binfo\s*\(\s*"?Q:group"?\s*,\s*(?=["{])')
_INCLUDE = re.compile(rf"^\s*include\s+({_WORD})", re.MULTILINE)
_TEXT_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|#[^\n]*')
_TEXT_OR_BRACE = re.compile(r'"(?:\\.|[^"\\])*"(\s*:)?|[{}\[\]]')
_MACRO = re.compile(r"\$[({]([^(){}$=,\s]+)(?:=([^(){}$]*))?[)}]")
_PART = re.compile(r'"(?:\\.|[^"\\])*"|[{}=,]|[^\s"{}=,]+')


@dataclass(frozen=True, slots=True)
class RecordName:
    """The name of a record, and where it stands; that of a substitution in its template."""

    name: str
    file: str
    line: int


def record_names(path: Path, macros: Mapping[str, str]) -> list[RecordName]:
    """Return the names in a file, in its order; those that still hold a macro too.

    :param macros: values for `$(NAME)`.
    :raises OSError: if it, or a file that it names, cannot be read.
    """
    return list(_read(path, macros, 0))


def has_macro(name: str) -> bool:
    """Return whether a name still holds a macro, since nobody gave its value."""
    return "$(" in name or "${" in name


def expand(text: str, macros: Mapping[str, str]) -> str:
    """Return a text with its macros replaced, innermost first; those without a value stay."""

    def value(found: re.Match[str]) -> str:
        name, default = found.groups()
        return macros.get(name, found[0] if default is None else default)

    for _ in range(_DEEPEST):
        replaced = _MACRO.sub(value, text)
        if replaced == text:
            break
        text = replaced
    return text


def _read(path: Path, macros: Mapping[str, str], depth: int) -> Iterator[RecordName]:
    text = _TEXT_OR_COMMENT.sub(_without_comment, path.read_text(encoding="utf-8", errors="replace"))
    if depth > _DEEPEST:
        return
    if path.suffix in (".substitutions", ".subs", ".sub"):
        for template, values in _substitutions(text, macros):
            yield from _read(_beside(path, template), {**macros, **values}, depth + 1)
    elif _RECORD.search(text) or _ALIAS.search(text) or _INCLUDE.search(text):
        text = "\n".join(expand(line, macros) for line in text.split("\n"))
        found = [(match.start(), _bare(match[1])) for kind in (_RECORD, _ALIAS) for match in kind.finditer(text)]
        found += [(match.start(), name) for match in _GROUP.finditer(text) for name in _groups(text, match.end())]
        for at, name in sorted(found, key=lambda one: one[0]):
            yield RecordName(name, str(path), text.count("\n", 0, at) + 1)
        for match in _INCLUDE.finditer(text):
            yield from _read(_beside(path, _bare(match[1])), macros, depth + 1)
    elif not path.suffix or path.suffix in (".txt", ".list", ".dbl"):
        for number, line in enumerate(text.split("\n"), 1):
            if name := line.partition(",")[0].strip().strip('"'):
                yield RecordName(expand(name, macros), str(path), number)


def _groups(text: str, at: int) -> Iterator[str]:
    """Give the names of the groups in the JSON that begins somewhere, which may stand in a text."""
    if text[at] == '"':
        found = _TEXT_OR_BRACE.match(text, at)
        text, at = (found[0][1:].replace('\\"', '"'), 0) if found is not None else ("", 0)
    depth = 0
    for found in _TEXT_OR_BRACE.finditer(text, at):
        mark = found[0]
        depth += (mark in "{[") - (mark in "}]")
        if depth <= 0:
            return
        if depth == 1 and found[1]:
            yield _bare(mark.removesuffix(found[1]))


def _substitutions(text: str, outer: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Give each template with the values of one row."""
    words = _PART.findall(text)
    common: dict[str, str] = {}
    template, names, at = "", list[str](), 0
    while at < len(words):
        word = words[at]
        if word == "file" and at + 1 < len(words):
            template, names = expand(_bare(words[at + 1]), {**outer, **common}), []
            at += 3  # and the brace
        elif word in ("pattern", "global", "{"):
            first = at + 1 if word == "{" else at + 2
            end = words.index("}", first) if "}" in words[first:] else len(words)
            row = words[first:end]
            if word == "pattern":
                names = [_bare(name) for name in row if name != ","]
            elif word == "global":
                common.update(_values(row, []))
            elif template:
                yield template, {**common, **_values(row, names)}
            at = end + 1
        else:
            at += 1


def _values(row: list[str], names: list[str]) -> dict[str, str]:
    """Return the values of a row: named ones, or those of a pattern in order."""
    if names:
        return dict(zip(names, (_bare(word) for word in row if word != ","), strict=False))
    return {_bare(row[at - 1]): _bare(row[at + 1]) for at in range(1, len(row) - 1) if row[at] == "="}


def _beside(path: Path, name: str) -> Path:
    """Return a file that another one names: in its folder, else in the folders of an IOC around it."""
    places = [path.parent, path.parent.parent / "db", path.parent.parent / "Db", path.parent.parent]
    return next((place / name for place in places if (place / name).is_file()), path.parent / name)


def _bare(word: str) -> str:
    return word[1:-1] if word.startswith('"') else word


def _without_comment(found: re.Match[str]) -> str:
    return "" if found[0].startswith("#") else found[0]
