"""Regular expressions in files, held to what can be matched in bounded time.

Python's matcher goes back and forth where a repetition stands inside a repetition, or alternatives do: its time then
doubles with each character. Such patterns are refused, as is a number of open repetitions whose product would be too
large.
"""

import re

#: Characters of a pattern, open repetitions (`*`, `+`, `{2,}`) in it, and characters of a text that it is matched with.
MOST_CHARACTERS = 200
MOST_REPETITIONS = 3
MOST_MATCHED = 200

_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\}|[()|*+?]|.", re.DOTALL)
_OPEN_REPETITION = re.compile(r"[*+]|\{\d*,\}")


class PatternError(Exception):
    """The pattern is none, or may take too long; the message says why."""


def compile_pattern(text: str) -> "re.Pattern[str]":
    """Return the compiled pattern.

    :raises PatternError: if it is no regular expression, or could take more than a moment.
    """
    if len(text) > MOST_CHARACTERS:
        raise PatternError(f"longer than {MOST_CHARACTERS} characters")
    _bound(text)
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternError(f"not a regular expression: {error}") from None


def _bound(text: str) -> None:
    open_groups: list[bool] = []  # whether each group that is open here holds a repetition or alternatives
    just_closed = False
    before = ""
    repetitions = 0
    for part in _PART.findall(text):
        repeats = _OPEN_REPETITION.fullmatch(part) is not None
        if repeats:
            repetitions += 1
            if just_closed:
                raise PatternError("a repetition of a group that holds a repetition or alternatives may take for ever")
        may_vary = repeats or part == "|" or part.startswith("{") or (part == "?" and before != "(")
        if may_vary and open_groups:
            open_groups[-1] = True
        if part == "(":
            open_groups.append(False)
        just_closed = part == ")" and bool(open_groups) and open_groups.pop()
        if just_closed and open_groups:
            open_groups[-1] = True
        before = part
    if repetitions > MOST_REPETITIONS:
        raise PatternError(f"more than {MOST_REPETITIONS} open repetitions (`*`, `+`)")
