"""What a plain scalar means: the core schema of YAML 1.2, nothing of YAML 1.1.

`on`, `yes` and `12:30` are text. Source: YAML 1.2.2, section 10.3.2, tag resolution.
"""

import re

_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_WORDS: dict[str, bool | float | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    ".inf": float("inf"),
    ".Inf": float("inf"),
    ".INF": float("inf"),
    "+.inf": float("inf"),
    "+.Inf": float("inf"),
    "+.INF": float("inf"),
    "-.inf": float("-inf"),
    "-.Inf": float("-inf"),
    "-.INF": float("-inf"),
    ".nan": float("nan"),
    ".NaN": float("nan"),
    ".NAN": float("nan"),
}
#: First characters of every plain scalar that is not text.
FIRST_CHARACTERS = frozenset("0123456789+-.~nNtTfF")
#: Python refuses to convert longer texts of digits, and no setting of a device has so many.
_MOST_DIGITS = 300
#: The same for hexadecimal ones; longer ones are larger than every number with a decimal point.
_MOST_PREFIXED = 250


def plain_value(text: str) -> str | int | float | bool | None:
    """Return the value that an unquoted scalar stands for."""
    if not text or text[0] in FIRST_CHARACTERS:
        if text in _WORDS:
            return _WORDS[text]
        if len(text) > _MOST_DIGITS:
            return text
        if _INTEGER.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text):
            return float(text)
        if text.startswith(("0x", "0o")):
            return _prefixed(text)
    return text


def _prefixed(text: str) -> str | int:
    if len(text) > _MOST_PREFIXED:
        return text
    digits = "0123456789abcdefABCDEF" if text[1] == "x" else "01234567"
    if len(text) > 2 and all(character in digits for character in text[2:]):
        return int(text[2:], 16 if text[1] == "x" else 8)
    return text
