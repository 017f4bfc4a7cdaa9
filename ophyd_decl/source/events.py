"""The parsers of ruamel.yaml, with types: what the rest of `source` knows of them.

The C parser reads everything; the pure one reads again what the C parser refuses.
"""

import re
from collections.abc import Callable, Iterator
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


def c_events(text: str) -> NextEvent:
    """Return what gives the next event of the C parser.

    :raises SyntaxProblem: if the text has characters that YAML forbids; so does the function that is returned.
    """
    parser: Any = cast(Any, _cyaml).CParser(text)
    return cast(NextEvent, parser.get_event)


#: Colons and question marks inside a word, which the C parser refuses in an unquoted text inside braces.
_IN_WORDS = re.compile(r"(?<=[\w.()/+-])(?::+(?=[^\s:])|\?+(?=[^\s,\[\]{}:?]))")
#: What stands for them meanwhile: of one character each, so that every place stays where it is.
_VEIL = str.maketrans(":?", "\ue000\ue001")
_UNVEIL = str.maketrans("\ue000\ue001", ":?")


def veiled_events(text: str) -> NextEvent:
    """Return what gives the next event of the C parser for a text that it would refuse for colons inside words.

    :raises SyntaxProblem: also if the text has the characters that stand for the colons meanwhile.
    """
    if "\ue000" in text or "\ue001" in text:
        raise SyntaxProblem("characters of private use")
    next_event = c_events(_IN_WORDS.sub(lambda found: found[0].translate(_VEIL), text))

    def unveiled() -> Any:
        event = next_event()
        if event.__class__ is ScalarEvent and not event.value.isascii():
            event.value = event.value.translate(_UNVEIL)
        return event

    return unveiled


def pure_events(text: str) -> Iterator[Any]:
    """Return the events of the pure parser; iterating raises `SyntaxProblem`."""
    yaml: Any = YAML(typ="safe", pure=True)
    return cast("Iterator[Any]", yaml.parse(text))


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
