"""Loads one YAML file as a located tree: C parser first, the pure parser for what that refuses."""

from typing import Any

from ruamel.yaml.events import ScalarEvent

from ..errors import Place
from .compose import Composer, TooLargeError
from .events import NextEvent, Problem, SyntaxProblem, c_events, pure_events, veiled_events
from .findings import Findings
from .text import read_source
from .tree import Node, SourceFile

#: The pure parser reads about 100 kB in 0.5 s; beyond this the message of the C parser has to do.
MAX_PURE_CHARACTERS = 600_000


class LoadedFile:
    """A file and its tree; `root` is None where there is no sound tree."""

    __slots__ = ("file", "root", "sound")

    def __init__(self, file: SourceFile, root: Node, sound: bool) -> None:
        self.file = file
        self.root = root
        self.sound = sound


def load_file(path: str, findings: Findings, *, code: str = "E100", at: Place | None = None) -> LoadedFile | None:
    """Read a file and compose it; None if it could not even be read.

    :param code: what to say if there is no such file.
    :param at: where the file is asked for.
    """
    file = read_source(path, findings, code=code, at=at)
    return None if file is None else load_text(file, findings)


def load_text(file: SourceFile, findings: Findings) -> LoadedFile:
    """Compose a text that is at hand."""
    before = findings.error_count
    try:
        root = _compose(file, findings)
    except TooLargeError as error:
        place = file.place(error.span.start_mark, error.span.end_mark)
        findings.error("E105", f"the file is {error}", place, "split the file, or flatten it")
        root = None
    except SyntaxProblem as error:
        from .syntax import explain  # only mistakes need its tables

        explain(error, file, findings)
        root = None
    return LoadedFile(file, root, findings.error_count == before)


def _compose(file: SourceFile, findings: Findings) -> Node:
    attempt = Findings()
    try:
        root = Composer(file, attempt, c_events(file.text)).compose()
    except SyntaxProblem as refused:
        return _compose_again(file, findings, refused)
    findings.extend(attempt)
    return root


def _compose_again(file: SourceFile, findings: Findings, refused: Exception) -> Node:
    """Compose what the C parser refuses, and warn about the texts that it refused.

    Nearly always these are PVs without quotes in braces, which it takes with other characters for their colons;
    what it refuses even so goes to the pure parser, for its better message or, rarely, for its better judgement.
    """
    try:
        return _attempt(file, findings, _noting(veiled_events(file.text)), None)
    except SyntaxProblem:
        if len(file.text) > MAX_PURE_CHARACTERS:
            raise refused from None
    try:
        events = pure_events(file.text)
        return _attempt(file, findings, _noting(lambda: next(events, None)), refused)
    except (RecursionError, ValueError, IndexError, AttributeError, TypeError):
        # The pure parser has corners where it fails on its own account; the C parser has said what is wrong.
        raise refused from None


def _attempt(
    file: SourceFile, findings: Findings, events: tuple[NextEvent, list[Any]], refused: Exception | None
) -> Node:
    attempt = Findings()
    next_event, unquoted = events
    root = Composer(file, attempt, next_event).compose()
    findings.extend(attempt)
    for event in unquoted:
        place = file.place(event.start_mark, event.end_mark)
        findings.warning("E106", f"`{event.value}` should be quoted", place, f'write "{event.value}"')
    if not unquoted and refused is not None:
        mark = Problem(refused).problem_mark
        place = file.start if mark is None else file.point(mark.line, mark.column)
        findings.warning("E106", "only slow parsers accept this", place, "put the value in quotes")
    return root


def _noting(events: NextEvent) -> tuple[NextEvent, list[Any]]:
    """Return the same events, and where unquoted texts with `:` or `?` inside braces or brackets are put."""
    unquoted: list[Any] = []
    depth = 0

    def next_event() -> Any:
        nonlocal depth
        event: Any = events()
        if event is None:
            return None
        flow = getattr(event, "flow_style", None)
        if flow is not None:
            depth += bool(flow) or depth > 0
        elif depth and type(event).__name__ in ("MappingEndEvent", "SequenceEndEvent"):
            depth -= 1
        if depth and type(event) is ScalarEvent:
            scalar: Any = event
            if scalar.implicit[0] and (":" in scalar.value or "?" in scalar.value):
                unquoted.append(event)
        return event

    return next_event, unquoted
