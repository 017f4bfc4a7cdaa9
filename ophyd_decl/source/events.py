"""The parsers of ruamel.yaml, with types: what the rest of `source` knows of them.

The C parser reads everything; the pure one reads again what the C parser refuses.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Protocol, cast

from ruamel.yaml import YAML
from ruamel.yaml import cyaml as _cyaml
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import ScalarEvent
from ruamel.yaml.reader import ReaderError

from .tree import Mark


class Event(Protocol):
    """One event of a parser; which attributes it has besides depends on its class."""

    start_mark: Mark
    end_mark: Mark


NextEvent = Callable[[], Any]

#: What parsers raise for a text that is not YAML.
SyntaxProblem: type[Exception] = YAMLError


#: Characters that one of the parsers takes for the end of a line, or does not count; YAML 1.2 knows none of this.
_ODD = "\x85\u2028\u2029\ufeff"
#: Colons and question marks inside a word, which the C parser refuses in an unquoted text inside braces.
_IN_WORDS = re.compile(r"(?<=[\w.()/+-])(?::+(?=[^\s:])|\?+(?=[^\s,\[\]{}:?]))")
_FIRST_PRIVATE, _LAST_PRIVATE = 0xE000, 0xF8FF


class _Veil:
    """Hides characters from a parser: each has another one in its place, so that every place stays where it is.

    :raises SyntaxProblem: if the text leaves no characters for it.
    """

    def __init__(self, text: str, characters: str) -> None:
        private = map(chr, range(_FIRST_PRIVATE, _LAST_PRIVATE + 1))
        free = list(islice((character for character in private if character not in text), len(characters)))
        if len(free) < len(characters):
            raise SyntaxProblem("every character of private use is used")
        self.hide = str.maketrans(characters, "".join(free))
        self.hide_odd = {code: other for code, other in self.hide.items() if chr(code) in _ODD}
        self._show = str.maketrans("".join(free), characters)

    def shown(self, event: Any) -> Any:
        """Return an event with what was hidden in its text."""
        if event.__class__ is ScalarEvent and not event.value.isascii():
            event.value = event.value.translate(self._show)
        return event


def c_events(text: str) -> NextEvent:
    """Return what gives the next event of the C parser.

    :raises SyntaxProblem: if the text has characters that YAML forbids; so does the function that is returned.
    """
    if not _has_odd(text):
        return _c_parser(text)
    veil = _Veil(text, _ODD)
    next_event = _c_parser(text.translate(veil.hide))
    return lambda: veil.shown(next_event())


def veiled_events(text: str) -> NextEvent:
    """Return what gives the next event of the C parser for a text that it refuses for colons inside words.

    :raises SyntaxProblem: as `c_events`.
    """
    veil = _Veil(text, f"{_ODD}:?")
    hidden = _IN_WORDS.sub(lambda found: found[0].translate(veil.hide), text)
    if _has_odd(hidden):
        hidden = hidden.translate(veil.hide_odd)
    next_event = _c_parser(hidden)
    return lambda: veil.shown(next_event())


def pure_events(text: str) -> Iterator[Any]:
    """Return the events of the pure parser; iterating raises `SyntaxProblem`."""
    yaml: Any = YAML(typ="safe", pure=True)
    if not _has_odd(text):
        return cast("Iterator[Any]", yaml.parse(text))
    veil = _Veil(text, _ODD)
    return map(veil.shown, yaml.parse(text.translate(veil.hide)))


def _c_parser(text: str) -> NextEvent:
    parser: Any = cast(Any, _cyaml).CParser(text)
    return cast(NextEvent, parser.get_event)


def _has_odd(text: str) -> bool:
    return not text.isascii() and any(character in text for character in _ODD)


class Problem:
    """What a parser says about a text that it refuses: two sentences and their positions."""

    __slots__ = ("context", "context_mark", "problem", "problem_mark", "text")

    def __init__(self, error: Exception) -> None:
        known: Any = error if isinstance(error, MarkedYAMLError) else None
        self.text = str(error).partition("\n")[0]
        self.problem: str = (known.problem or "") if known is not None else ""
        self.context: str = (known.context or "") if known is not None else ""
        self.problem_mark: Mark | None = known.problem_mark if known is not None else None
        self.context_mark: Mark | None = known.context_mark if known is not None else None
        if isinstance(error, ReaderError):
            self.problem_mark = None
